// Alerts: new ones arrive and are announced, one is acknowledged by keyboard alone, those that ended say why.
import assert from "node:assert/strict";
import { after, before as first, beforeEach, afterEach, test } from "node:test";
import { faultsOf } from "./axe.mjs";
import { CONFIGURATION, NOW, people, TODAY } from "./council.mjs";
import { before, event, referral } from "./events.mjs";
import { launchBrowser, openPage, raiseStage } from "./stage.mjs";

let stage;
let browser;
let page;

first(async () => {
    browser = await launchBrowser();
});
after(() => browser?.close());
beforeEach(async () => {
    stage = await raiseStage({ clock: NOW, config: CONFIGURATION });
    await stage.send(...people());
    page = await openPage(browser, stage, "/alerts");
    await page.getByRole("heading", { name: "26 waits with open alerts" }).waitFor();
});
afterEach(async () => {
    await page?.context().close();
    await stage?.end();
});

const rowOf = (subject) => page.getByRole("row").filter({ has: page.getByRole("link", { name: subject, exact: true }) });

test("the most severe and oldest come first", async () => {
    const found = await page.getByRole("row").getByRole("link", { name: /^(north|south)-/ }).allInnerTexts();
    assert.deepEqual(found.slice(0, 2).sort(), ["north-14", "south-14"]);
    assert.deepEqual(found.slice(-2).sort(), ["north-02", "south-02"]);
    assert.deepEqual(page.complaints, []);
});

test("a new alert comes by itself and is announced", async () => {
    const announced = page.locator("#announcements");
    await stage.send(referral("late-1", before(TODAY, 40)));
    await rowOf("late-1").waitFor();
    await announced.filter({ hasText: /1 new alert/ }).waitFor({ state: "attached" });
    await page.getByRole("heading", { name: "27 waits with open alerts" }).waitFor();
});

test("an alert whose wait is completed leaves, and is told among the ended with its reason", async () => {
    await stage.send(event("assessment.completed", "north-14", TODAY, { outcome: "care_and_support" }));
    await rowOf("north-14").waitFor({ state: "detached" });
    await page.getByRole("link", { name: "Ended" }).click();
    await rowOf("north-14").first().getByText(/completed/i).waitFor();
});

test("an alert is acknowledged by keyboard, and stays so", async () => {
    await rowOf("north-03").getByRole("link", { name: /Acknowledge/ }).focus();
    await page.keyboard.press("Enter");
    await page.getByRole("heading", { level: 1, name: /Acknowledge an alert/ }).waitFor();
    const form = page.getByRole("form", { name: "Acknowledge this alert" });
    await form.waitFor();
    assert.deepEqual(await faultsOf(page), []);

    // Nothing filled in: said at the top, with the way to the field.
    await form.getByRole("button", { name: "Acknowledge" }).focus();
    await page.keyboard.press("Enter");
    const summary = page.getByRole("alert").filter({ hasText: "There is a problem" });
    await summary.waitFor();
    assert.deepEqual(await faultsOf(page), []);
    await summary.getByRole("link").first().focus();
    await page.keyboard.press("Enter");
    assert.equal(await page.evaluate(() => document.activeElement.name), "by");

    await page.keyboard.type("Sam Duty");
    await page.keyboard.press("Tab");
    await page.keyboard.type("visit arranged for Thursday");
    await page.keyboard.press("Tab");
    await page.keyboard.type("8/7/2025");
    await page.keyboard.press("Enter");
    await page.getByText("1 alert acknowledged").waitFor();
    await rowOf("north-03").getByText("Sam Duty").waitFor();

    const [open] = (await stage.ask("alerts", { state: "open", filter: { subject: "north-03" } })).rows;
    assert.equal(open.by, "Sam Duty");
    assert.equal(open.note, "visit arranged for Thursday");
    await page.reload();
    await rowOf("north-03").getByText("Sam Duty").waitFor();
});

test("alerts of the time when the stream was lost are there when it is back", async () => {
    // What was never live is not said to be so no longer.
    await page.getByText(/^Live, /).waitFor();
    await stage.do("kill_gateway");
    await page.getByRole("alert").filter({ hasText: "Not live since" }).waitFor();
    await stage.send(referral("late-1", before(TODAY, 40)), referral("late-2", before(TODAY, 50)));
    await stage.do("start_gateway");
    await rowOf("late-1").waitFor();
    await rowOf("late-2").waitFor();
    await page.getByRole("heading", { name: "28 waits with open alerts" }).waitFor();
});
