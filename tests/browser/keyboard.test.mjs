// Journeys without a mouse: from the skip link to a person, through the filter, the days and the acknowledgement of an alert.
import assert from "node:assert/strict";
import { after, before as first, beforeEach, afterEach, test } from "node:test";
import { CONFIGURATION, NOW, people, TODAY } from "./council.mjs";
import { event } from "./events.mjs";
import { launchBrowser, openPage, raiseStage } from "./stage.mjs";

const TABS_MAX = 120;

let stage;
let browser;
let page;

first(async () => {
    stage = await raiseStage({ clock: NOW, config: CONFIGURATION });
    browser = await launchBrowser();
    await stage.send(...people());
});
after(async () => {
    await browser?.close();
    await stage?.end();
});
beforeEach(async () => {
    page = await openPage(browser, stage);
});
afterEach(() => page.context().close());

/** What has the focus: its role-less name as it is read out, and whether a ring or the like shows where it is. */
const focused = () =>
    page.evaluate(() => {
        const element = document.activeElement;
        const style = getComputedStyle(element);
        return {
            name: (element.getAttribute("aria-label") ?? element.labels?.[0]?.textContent ?? element.textContent).trim().replace(/\s+/g, " "),
            visible: style.outlineStyle !== "none" || style.boxShadow !== "none" || element.tagName === "BODY",
        };
    });

/** Presses Tab until the named thing has the focus; every stop on the way must show that it has it. */
async function tabTo(name) {
    for (let pressed = 0; pressed < TABS_MAX; pressed += 1) {
        await page.keyboard.press("Tab");
        const at = await focused();
        assert.ok(at.visible, `nothing shows that "${at.name}" has the focus`);
        if (typeof name === "string" ? at.name === name : name.test(at.name)) return;
    }
    assert.fail(`${name} is not reached in ${TABS_MAX} presses of Tab`);
}

test("the first stop of every page leads past its head", async () => {
    await page.goto("/");
    await page.getByRole("heading", { level: 1 }).waitFor();
    await page.keyboard.press("Tab");
    assert.equal((await focused()).name, "Skip to main content");
    await page.keyboard.press("Enter");
    assert.equal(await page.evaluate(() => document.activeElement.closest("main") !== null), true);
});

test("from the overview to the longest wait", async () => {
    await page.goto("/");
    await page.getByText(/^Live, /).waitFor();
    await tabTo("People waiting");
    await page.keyboard.press("Enter");
    await page.getByRole("heading", { level: 1, name: "People waiting" }).waitFor();
    await page.getByRole("link", { name: "north-14" }).waitFor();
    // Whoever arrives by a link is told where: the heading has the focus and the title says the page.
    assert.match((await focused()).name, /^People waiting/);
    assert.match(await page.title(), /^People waiting/);
    await tabTo("north-14");
    await page.keyboard.press("Enter");
    await page.getByRole("heading", { level: 1, name: "north-14" }).waitFor();
    await tabTo("Back to the list");
    await page.keyboard.press("Enter");
    await page.getByRole("heading", { level: 1, name: "People waiting" }).waitFor();
});

test("the filter is opened, filled in and applied", async () => {
    await page.goto("/people");
    await page.getByRole("link", { name: "north-14" }).waitFor();
    await tabTo("Show filter");
    await page.keyboard.press("Enter");
    await tabTo(/^Worker/);
    await page.keyboard.type("worker-1");
    await page.keyboard.press("Enter");
    await page.getByText(/^Rows 1 to 1 of 1, /).waitFor();
});

test("a past day is chosen by typing it", async () => {
    await page.goto("/");
    await page.getByText(/^Live, /).waitFor();
    await tabTo(/^Day/);
    await page.keyboard.type("1/6/2025");
    await page.keyboard.press("Enter");
    await page.getByText("This is not live: position at the end of 1 June 2025").waitFor();
    await tabTo("Back to live");
    await page.keyboard.press("Enter");
    await page.getByText(/^Live, /).waitFor();
});

test("a day that is none is refused where it was typed", async () => {
    await page.goto("/");
    await page.getByText(/^Live, /).waitFor();
    await tabTo(/^Day/);
    await page.keyboard.type("31/2/2025");
    await page.keyboard.press("Enter");
    await page.getByText("Enter a day as in 31/7/2025").waitFor();
    assert.equal(new URL(page.url()).search, "");
});
