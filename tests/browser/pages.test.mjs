// Every page: it opens by its address, says what it is, complains of nothing, and axe finds nothing, wide, narrow, light, dark and in the past.
import assert from "node:assert/strict";
import { after, before as first, test } from "node:test";
import { faultsOf, LOOKS } from "./axe.mjs";
import { CONFIGURATION, NOW, people, TODAY } from "./council.mjs";
import { before, referral } from "./events.mjs";
import { launchBrowser, openPage, raiseStage } from "./stage.mjs";

const PAGES = [
    ["/", "Overview"],
    ["/queue?pathway=needs_assessment&team=north", "Needs assessment"],
    ["/people", "People waiting"],
    ["/people?team=north&breach=true&sort=-risk", "People waiting"],
    ["/wait?subject=north-done", /north-done/],
    ["/wait?subject=north-04", /north-04/],
    ["/alerts", "Alerts"],
    ["/alerts?show=ended", "Alerts"],
    ["/caseloads", "Caseloads"],
    ["/compare", "Compare"],
    ["/data-quality", "Data quality"],
    ["/evidence", "Evidence"],
    ["/definitions", /./],
];

let stage;
let browser;

first(async () => {
    stage = await raiseStage({ clock: NOW, config: CONFIGURATION });
    browser = await launchBrowser();
    await stage.send(...people());
    await stage.offer(referral("elsewhere-1", TODAY, { pathway: "nowhere" }));
});
after(async () => {
    await browser?.close();
    await stage?.end();
});

/** Until nothing on the page says any more that it is being loaded. */
async function settled(page) {
    await page.getByRole("heading", { level: 1 }).waitFor();
    await page.waitForFunction(() => document.querySelector("main [aria-busy='true'], main .app-loading") === null);
}

for (const [look, options] of LOOKS) {
    for (const [path, heading] of PAGES) {
        test(`${path} is without fault, ${look}`, async () => {
            const page = await openPage(browser, stage, path, options);
            await settled(page);
            await page.getByRole("heading", { level: 1, name: heading }).waitFor();
            assert.deepEqual(await faultsOf(page), []);
            assert.deepEqual(page.complaints, []);
            const [content, window] = await page.evaluate(() => [document.documentElement.scrollWidth, innerWidth]);
            assert.ok(content <= window, `the page is ${content} wide in a window of ${window}`);
            await page.context().close();
        });
    }
}

// Alerts, the quality of the data, evidence and definitions know no past day.
for (const [path] of PAGES.filter(([each]) => !/^\/(alerts|data-quality|evidence|definitions)/.test(each))) {
    test(`${path} says of a past day that it is not live`, async () => {
        const address = `${path}${path.includes("?") ? "&" : "?"}as_at=${before(TODAY, 30)}`;
        const page = await openPage(browser, stage, address);
        await settled(page);
        await page.getByText(/This is not live: position at the end of 1 June 2025/).waitFor();
        assert.deepEqual(await faultsOf(page), []);
        assert.deepEqual(page.complaints, []);
        await page.context().close();
    });
}

test("an address that is no page says so and leads on", async () => {
    const page = await openPage(browser, stage, "/");
    const answer = await page.goto("/no-such-page");
    assert.equal(answer.status(), 404);
    await page.context().close();
});
