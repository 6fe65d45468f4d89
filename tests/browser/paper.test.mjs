// On paper and on a phone: what is printed says all that the page says and nothing that only a screen needs.
import assert from "node:assert/strict";
import { after, before as first, test } from "node:test";
import { CONFIGURATION, NOW, people } from "./council.mjs";
import { launchBrowser, openPage, raiseStage } from "./stage.mjs";

const PAPER = ["/", "/queue?pathway=needs_assessment&team=north", "/people?team=north", "/wait?subject=north-04", "/compare", "/caseloads"];
const PHONE = { viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true };

let stage;
let browser;

first(async () => {
    stage = await raiseStage({ clock: NOW, config: CONFIGURATION });
    browser = await launchBrowser();
    await stage.send(...people());
});
after(async () => {
    await browser?.close();
    await stage?.end();
});

for (const path of PAPER) {
    test(`${path} on paper`, async () => {
        const page = await openPage(browser, stage, path, { viewport: { width: 794, height: 1123 } }); // A4 at 96 dots an inch
        await page.getByText(/^Live, /).waitFor();
        await page.waitForFunction(() => document.querySelector("main [aria-busy='true'], main .app-loading") === null);
        await page.emulateMedia({ media: "print" });
        for (const screenOnly of [page.getByRole("navigation", { name: "Menu" }), page.getByRole("button", { name: "Show", exact: true }), page.getByText("Skip to main content")]) {
            for (const each of await screenOnly.all()) assert.equal(await each.isVisible(), false, `${await each.innerText()} is printed`);
        }
        await page.getByRole("heading", { level: 1 }).waitFor();
        const wide = await page.evaluate(() => [...document.querySelectorAll("main table, main svg")].filter((each) => each.checkVisibility() && each.getBoundingClientRect().right > innerWidth + 1).length);
        assert.equal(wide, 0, "something is cut off at the paper's edge");
        const pdf = await page.pdf({ format: "A4" });
        assert.ok(pdf.length > 10_000);
        await page.context().close();
    });
}

// That targets are large enough is axe's to say, on every page (pages.test.mjs).
test("on a phone the menu leads to a person", async () => {
    const page = await openPage(browser, stage, "/", PHONE);
    await page.getByText(/^Live, /).waitFor();
    await page.getByRole("button", { name: "Menu" }).tap();
    await page.getByRole("navigation", { name: "Menu" }).getByRole("link", { name: "People waiting" }).tap();
    await page.getByRole("heading", { level: 1, name: "People waiting" }).waitFor();
    await page.getByRole("link", { name: "north-14" }).waitFor();
    await page.getByRole("link", { name: "north-14" }).tap();
    await page.getByRole("heading", { level: 1, name: "north-14" }).waitFor();
    await page.context().close();
});
