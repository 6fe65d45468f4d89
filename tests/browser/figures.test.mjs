// The pages of figures: what they count, that every number leads to its people, and that places and days are chosen and kept.
import assert from "node:assert/strict";
import { after, before as first, beforeEach, afterEach, test } from "node:test";
import { CONFIGURATION, NOW, people } from "./council.mjs";
import { figureOf, launchBrowser, openPage, raiseStage } from "./stage.mjs";

const QUEUE = "/queue?pathway=needs_assessment&team=all";

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

const section = (name) => page.getByRole("region", { name, exact: true });
/** The cells of a table's body, row by row, its heading cell among them. */
const cellsOf = (table) =>
    table.locator("tbody tr").evaluateAll((rows) => rows.map((row) => [...row.cells].map((cell) => cell.innerText.trim().replace(/\s+/g, " "))));
const query = () => new URL(page.url()).searchParams;

test("the overview counts, and a number leads to its people", async () => {
    await page.goto("/");
    for (const [name, count] of [["Waiting", "30"], ["Over standard", "24"], ["Due this week", "2"]]) await figureOf(page, name, count);
    const row = page.getByRole("row").filter({ has: page.getByRole("link", { name: "Needs assessment" }) });
    assert.match(await row.innerText(), /30\s.*24\s.*2\s.*145 days/s);
    await section("Waiting now").getByRole("link", { name: "24", exact: true }).click();
    await page.getByRole("heading", { level: 1, name: "People waiting" }).waitFor();
    assert.equal(query().get("breach"), "true");
});

test("what was recorded in the last hour is told", async () => {
    await page.goto("/");
    await section("Recorded in the last hour").getByText(/31 started waiting, 1 completed, 1 contact made$/).waitFor();
});

test("the weeks of a queue make up everybody who waits, and say who is over the standard", async () => {
    await page.goto(QUEUE);
    const weeks = section("How long people have waited");
    await weeks.getByText("Show as a table").click();
    const rows = await cellsOf(weeks.locator("table"));
    const sum = (column) => rows.reduce((total, row) => total + Number(row[column]), 0);
    assert.deepEqual([sum(1), sum(2), sum(3)], [30, 6, 24]);
    assert.deepEqual(rows[0], ["0 to 6", "2", "2", "0"]);
    assert.deepEqual(rows[5], ["35 to 41", "2", "0", "2"]);
});

test("the queue of a team opens with what most of its people wait for", async () => {
    await page.goto("/queue?team=north");
    await page.getByRole("heading", { level: 1, name: /Needs assessment/ }).waitFor();
    await figureOf(page, "Waiting", "15");
});

test("every chart is a picture with a name, a description and a table", async () => {
    await page.goto(QUEUE);
    await page.locator("figure.app-chart svg[role=img]").nth(2).waitFor();
    const charts = await page.locator("figure.app-chart").evaluateAll((figures) =>
        figures.map((figure) => {
            const svg = figure.querySelector("svg[role=img]");
            const words = (attribute) => document.getElementById(svg?.getAttribute(attribute) ?? "")?.textContent ?? "";
            return { name: words("aria-labelledby"), description: words("aria-describedby"), rows: figure.querySelectorAll("details tbody tr").length };
        }),
    );
    assert.ok(charts.length >= 3);
    for (const chart of charts) assert.ok(chart.name.length > 10 && chart.description.length > 20 && chart.rows > 0, JSON.stringify(chart));
});

test("a cell of the risk matrix opens its people", async () => {
    await page.goto(QUEUE);
    await page.getByRole("link", { name: "6 waiting with impact 2 and likelihood 3" }).click();
    await page.getByRole("heading", { level: 1, name: "People waiting" }).waitFor();
    await page.getByRole("link", { name: "north-01" }).waitFor();
    assert.deepEqual([query().get("impact"), query().get("likelihood"), query().get("pathway")], ["2", "3", "needs_assessment"]);
    assert.equal(await page.getByRole("link", { name: /^(north|south)-\d\d$/ }).count(), 6);
});

test("teams and districts stand side by side and sort by any heading", async () => {
    await page.goto("/compare");
    const table = section("Teams side by side").locator("table");
    const names = async () => (await cellsOf(table)).map((row) => row[0]);
    await table.getByRole("link", { name: "North older people" }).waitFor();
    await table.getByRole("button", { name: "Team" }).click();
    assert.deepEqual(await names(), ["North older people", "South older people"]);
    await table.getByRole("button", { name: "Team" }).click();
    await page.locator("th[aria-sort=descending]").filter({ hasText: "Team" }).waitFor();
    assert.deepEqual(await names(), ["South older people", "North older people"]);
    assert.equal(query().get("order"), "-team");
    await page.reload();
    await table.getByRole("link", { name: "North older people" }).waitFor();
    assert.deepEqual(await names(), ["South older people", "North older people"]);
    await page.getByRole("link", { name: "Districts" }).click();
    const districts = section("Districts side by side").locator("table");
    await districts.getByText("Lancaster").waitFor();
    assert.deepEqual((await cellsOf(districts)).map((row) => row.slice(0, 3)), [["Lancaster", "15", "80%"], ["Preston", "15", "80%"]]);
});

test("the team that was chosen is marked among the others", async () => {
    await page.goto("/compare?team=south");
    const marked = section("Teams side by side").getByRole("row").filter({ hasText: "Chosen team" });
    await marked.getByRole("link", { name: "South older people" }).waitFor();
    assert.equal(await marked.count(), 1);
});

test("caseloads tell what is with whom and what is with nobody", async () => {
    await page.goto("/caseloads");
    await figureOf(page, "No worker yet", "29");
    const workers = await cellsOf(section("By worker").locator("table"));
    assert.deepEqual(workers.map((row) => row.slice(0, 3)), [["worker-1", "North older people", "1"]]);
});

test("the team that was chosen is there at the next visit, and a shared link chooses nothing", async () => {
    await page.goto("/");
    await page.getByLabel("Team", { exact: true }).selectOption({ label: "South older people" });
    await page.getByRole("button", { name: "Show", exact: true }).click();
    await figureOf(page, "Waiting", "15");
    assert.equal(query().get("team"), "south");
    await page.goto("/?team=north");
    await page.getByRole("heading", { level: 1, name: /North older people/ }).waitFor();
    await page.goto("/");
    await page.getByRole("heading", { level: 1, name: /South older people/ }).waitFor();
    await page.goto("/?team=all");
    await figureOf(page, "Waiting", "30");
});

test("a choice that is not shown yet says so, and no longer when it is shown or taken back", async () => {
    await page.goto("/?team=north");
    await figureOf(page, "Waiting", "15");
    const team = page.getByLabel("Team", { exact: true });
    const pending = page.getByText("Not shown yet");
    assert.equal(await pending.count(), 0);
    await team.selectOption({ label: "South older people" });
    await pending.waitFor();
    await team.selectOption({ label: "North older people" });
    await pending.waitFor({ state: "detached" });
    await team.selectOption({ label: "All teams" });
    await pending.waitFor();
    await page.getByRole("button", { name: "Show", exact: true }).click();
    await figureOf(page, "Waiting", "30");
    assert.equal(await pending.count(), 0);
});

test("a day is chosen, shown as known and as reported, and left again", async () => {
    await page.goto(QUEUE);
    const day = page.getByLabel(/^Day/);
    await day.fill("31/2/2025");
    await day.press("Enter");
    await page.getByText("Enter a day as in 31/7/2025").waitFor();
    assert.equal(await page.evaluate(() => document.activeElement.id), "day");
    await day.fill("1 6 2025");
    await day.press("Enter");
    await page.getByText("This is not live: position at the end of 1 June 2025").waitFor();
    // Of the 30, those who began before 2 June, and the one who was completed since.
    await figureOf(page, "Waiting", "25");
    assert.equal(query().get("as_at"), "2025-06-01");
    await page.getByRole("link", { name: "Show it as it was reported" }).click();
    await page.getByText("There is nothing to show").waitFor();
    await page.getByRole("link", { name: "Back to live" }).click();
    await figureOf(page, "Waiting", "30");
    assert.equal(query().get("as_at"), null);
});

test("a day is picked from the calendar", async () => {
    await page.goto(QUEUE);
    await page.getByText(/^Live, /).waitFor();
    await page.getByRole("button", { name: "Choose date" }).click();
    await page.getByRole("button", { name: "Previous month" }).click();
    await page.getByRole("button", { name: /30 June 2025/ }).click();
    await page.getByRole("button", { name: "Show", exact: true }).click();
    await page.getByText("This is not live: position at the end of 30 June 2025").waitFor();
});

test("a pathway that there is not is no queue of nobody", async () => {
    await page.goto("/queue?pathway=nowhere");
    await page.getByText("There is no such pathway").waitFor();
});
