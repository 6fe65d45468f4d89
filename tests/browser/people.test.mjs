// The list to work from: sorted, filtered, paged, by its address alone, and its CSV holds exactly what is shown.
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { after, before as first, test } from "node:test";
import { CONFIGURATION, NOW, people, TODAY } from "./council.mjs";
import { before, event, referral } from "./events.mjs";
import { launchBrowser, openPage, raiseStage } from "./stage.mjs";

const MANY = 5000;

let stage;
let browser;

first(async () => {
    stage = await raiseStage({ clock: NOW, config: CONFIGURATION });
    browser = await launchBrowser();
    await stage.send(...people());
    for (let sent = 0; sent < MANY; sent += 1000) {
        const part = Array.from({ length: 1000 }, (_, index) => referral(`ot-${String(sent + index).padStart(4, "0")}`, before(TODAY, (sent + index) % 90), { pathway: "ot_assessment", team: "east" }));
        await stage.send(...part);
    }
});
after(async () => {
    await browser?.close();
    await stage?.end();
});

const table = (page) => page.getByRole("table", { name: /People on the list/ });
const rows = (page) => table(page).locator("tbody tr");
const references = (page) => rows(page).locator("a").allInnerTexts();
const listed = (page, count) => page.getByText(new RegExp(`^Rows .* of ${count}, by `)).waitFor();

/** A CSV's cells; the daemon's texts have no line breaks in them. */
function cellsOf(csv) {
    return csv
        .trim()
        .split("\r\n")
        .map((line) => [...line.matchAll(/("(?:[^"]|"")*"|[^,]*)(?:,|$)/g)].map(([, cell]) => (cell.startsWith('"') ? cell.slice(1, -1).replaceAll('""', '"') : cell)));
}

async function downloaded(page) {
    const [download] = await Promise.all([page.waitForEvent("download"), page.getByRole("link", { name: /^Download .*CSV/ }).click()]);
    return cellsOf(await readFile(await download.path(), "utf8"));
}

test("the heads of the table sort, and the order is in the address", async () => {
    const page = await openPage(browser, stage, "/people?team=north&pathway=needs_assessment");
    await listed(page, 15);
    assert.equal((await references(page))[0], "north-14");
    await table(page).getByRole("button", { name: "Risk" }).click();
    await page.waitForURL(/sort=-risk/);
    await page.getByText(/by risk, descending$/).waitFor();
    const risks = (await stage.ask("waits", { filter: { team: "north", pathway: "needs_assessment", status: "waiting" }, sort: "-risk" })).rows.map((row) => row.subject);
    assert.deepEqual(await references(page), risks);
    assert.equal(await table(page).getByRole("columnheader", { name: "Risk" }).getAttribute("aria-sort"), "descending");
    await page.goBack();
    await page.getByText(/by days waited, descending$/).waitFor();
    await page.context().close();
});

test("a filter is in the address, is told as a tag, and can be taken away", async () => {
    const page = await openPage(browser, stage, "/people?team=north&pathway=needs_assessment");
    await listed(page, 15);
    await page.getByRole("button", { name: /Show filter/ }).click();
    await page.getByRole("textbox", { name: "Worker" }).fill("worker-1");
    await page.getByRole("button", { name: "Apply filters" }).click();
    await listed(page, 1);
    assert.deepEqual(await references(page), ["north-03"]);
    const address = page.url();
    assert.match(address, /worker=worker-1/);
    const other = await openPage(browser, stage, address);
    await listed(other, 1);
    await other.context().close();
    await page.getByRole("link", { name: /Remove this filter.*worker-1/ }).click();
    await listed(page, 15);
    await page.context().close();
});

test("the CSV holds what is shown, in its order", async () => {
    const page = await openPage(browser, stage, "/people?team=north&pathway=needs_assessment&breach=true&sort=-risk");
    await listed(page, 12);
    const shown = await references(page);
    const [head, ...lines] = await downloaded(page);
    assert.deepEqual(lines.map((line) => line[head.indexOf("subject")]), shown);
    const days = await rows(page).locator(".app-people__days").allInnerTexts();
    assert.deepEqual(lines.map((line) => line[head.indexOf("days")]), days);
    await page.context().close();
});

test("five thousand rows are paged through, and downloaded whole", async () => {
    const page = await openPage(browser, stage, "/people?pathway=ot_assessment&team=east&rows=1000&sort=subject");
    await listed(page, "5,000");
    const seen = await references(page);
    for (let page_ = 1; page_ < 5; page_ += 1) {
        await page.getByRole("link", { name: /Next page/ }).click();
        await page.getByText(new RegExp(`^Rows ${(page_ * 1000 + 1).toLocaleString("en-GB")} to `)).waitFor();
        seen.push(...(await references(page)));
    }
    assert.equal(await page.getByRole("link", { name: /Next page/ }).count(), 0);
    const expected = Array.from({ length: MANY }, (_, index) => `ot-${String(index).padStart(4, "0")}`);
    assert.deepEqual(seen, expected);
    const [head, ...lines] = await downloaded(page);
    assert.deepEqual(lines.map((line) => line[head.indexOf("subject")]), expected);
    await page.context().close();
});

test("the list follows what happens, and keeps the place of whoever reads it", async () => {
    const page = await openPage(browser, stage, "/people?team=south&pathway=needs_assessment");
    await listed(page, 15);
    const row = table(page).getByRole("link", { name: "south-05" });
    await row.focus();
    await stage.send(event("assessment.completed", "south-14", TODAY, { outcome: "care_and_support" }));
    await listed(page, 14);
    assert.equal((await references(page))[0], "south-13");
    assert.equal(await page.evaluate(() => document.activeElement.textContent), "south-05");
    await page.context().close();
});

test("a past day has its own list", async () => {
    const page = await openPage(browser, stage, `/people?team=north&pathway=needs_assessment&as_at=${before(TODAY, 30)}`);
    await page.getByText("This is not live: position at the end of 1 June 2025").waitFor();
    await listed(page, 13);
    const then = await stage.ask("waits", { filter: { team: "north", pathway: "needs_assessment", status: "waiting" }, as_at: before(TODAY, 30) });
    assert.deepEqual(await references(page), then.rows.map((row) => row.subject));
    const [head, ...lines] = await downloaded(page);
    assert.deepEqual(lines.map((line) => line[head.indexOf("days")]), then.rows.map((row) => String(row.days)));
    await page.context().close();
});

test("a reference leads to its wait and back to the same place of the list", async () => {
    const page = await openPage(browser, stage, "/people?team=north&pathway=needs_assessment&sort=-risk");
    await listed(page, 15);
    await table(page).getByRole("link", { name: "north-04" }).click();
    await page.getByRole("heading", { level: 1, name: "north-04" }).waitFor();
    await page.getByText("28 June 2025 to now: in hospital").waitFor();
    await page.getByRole("link", { name: "Back to the list" }).click();
    await page.waitForURL(/sort=-risk/);
    await listed(page, 15);
    await page.context().close();
});

test("a wait that there is not is said to be missing", async () => {
    const page = await openPage(browser, stage, "/wait?subject=nobody-1");
    await page.getByRole("heading", { level: 1 }).waitFor();
    await page.getByText(/nobody-1/).first().waitFor();
    await page.context().close();
});
