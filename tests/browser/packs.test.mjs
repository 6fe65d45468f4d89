// The pages that leave the house: a pack's report and methodology, for few and for everybody, and the quarterly report; on a wide and a narrow
// screen, in the dark and on paper.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before as first, test } from "node:test";
import { fileURLToPath, pathToFileURL } from "node:url";
import { faultsOf } from "./axe.mjs";
import { CONFIGURATION, NOW, people } from "./council.mjs";
import { launchBrowser, openPage, raiseStage } from "./stage.mjs";

const MAKE_CLD = fileURLToPath(new URL("../data/cld/make_cld.py", import.meta.url));
const KPIS = `
kpis = (
  { name = "waiting"; label = "Waiting, all pathways"; measure = "waiting"; target = 20; benchmark = 12; benchmark_source = "a return"; },
  { name = "over"; measure = "over_standard_percent"; target = 90; statutory = true; },
  { name = "nobody"; measure = "median_wait"; client_group = "carer"; } );
`;
const PAGES = ["secret/index.html", "secret/methodology.html", "told/index.html", "told/methodology.html", "kpi.html", "kpi-told.html"];
const PAPER = { width: 1032, height: 703 }; // A4 lying, without its margins of 12 mm, at 96 dots an inch
const WAYS = [
    ["wide", { viewport: { width: 1366, height: 900 } }],
    ["narrow", { viewport: { width: 320, height: 640 } }],
    ["dark", { colorScheme: "dark" }],
    ["on paper", { viewport: PAPER }],
];

let stage;
let browser;
let folder;

first(async () => {
    folder = await mkdtemp(join(tmpdir(), "wl-packs-"));
    stage = await raiseStage({ clock: NOW, config: CONFIGURATION + KPIS });
    browser = await launchBrowser();
    await stage.send(...people());
    const cld = join(folder, "cld.csv");
    execFileSync("/usr/bin/python3", ["-B", MAKE_CLD, "--rows", "900", cld]);
    const period = ["--from", "2025-03-01", "--to", "2025-06-30", "--unsigned", "--cld", cld];
    await stage.do("run_ctl", { words: ["export", "cqc", ...period, "--labels", "CONFIG", "--out", join(folder, "secret")] });
    await stage.do("run_ctl", { words: ["export", "cqc", ...period, "--publish", "--out", join(folder, "told")] });
    await stage.do("run_ctl", { words: ["report", "kpi", "--quarter", "2025-Q1", "--out", join(folder, "kpi.html")] });
    await stage.do("run_ctl", { words: ["report", "kpi", "--quarter", "2025-Q1", "--publish", "--out", join(folder, "kpi-told.html")] });
});
after(async () => {
    await browser?.close();
    await stage?.end();
    if (folder) await rm(folder, { recursive: true });
});

async function open(name, options, isPaper) {
    const page = await openPage(browser, stage, pathToFileURL(join(folder, name)).href, options);
    if (isPaper) await page.emulateMedia({ media: "print" });
    return page;
}

/** Whether a part of the page is cut off: wider than the page, and not in a box of its own that scrolls. */
const isTooWide = () => document.documentElement.scrollWidth > innerWidth;

for (const name of PAGES) {
    for (const [way, options] of WAYS) {
        test(`${name}, ${way}`, async () => {
            const page = await open(name, options, way === "on paper");
            assert.deepEqual(await faultsOf(page), []);
            for (const each of await page.locator("details").all()) await each.evaluate((details) => details.setAttribute("open", ""));
            assert.deepEqual(await faultsOf(page), []);
            assert.equal(await page.evaluate(isTooWide), false, "the page is wider than the screen");
            assert.deepEqual(page.complaints, []);
            await page.context().close();
        });
    }

    test(`${name}: paper says all that the screen does`, async () => {
        const page = await open(name, { viewport: PAPER }, true);
        const hidden = await page.evaluate(() => [...document.querySelectorAll("main table, main svg")].filter((each) => !each.checkVisibility()).length);
        assert.equal(hidden, 0, "a table in a closed part is not printed");
        const cut = await page.evaluate(() => [...document.querySelectorAll("main table, main svg")].filter((each) => each.getBoundingClientRect().right > innerWidth + 1).map((each) => each.caption?.innerText));
        assert.deepEqual(cut, [], "something is cut off at the paper's edge");
        await page.context().close();
    });
}

test("every sheet of paper says what is sensitive", async () => {
    for (const name of PAGES) {
        const page = await open(name, {}, true);
        const margins = await page.evaluate(() => [...document.styleSheets[0].cssRules].filter((rule) => rule instanceof CSSPageRule).map((rule) => rule.cssText).join(" "));
        assert.equal(margins.includes("SENSITIVE"), !name.includes("told"), name);
        await page.context().close();
    }
});

test("a report can be read and operated with the keyboard alone", async () => {
    const page = await open("secret/index.html", {}, false);
    await page.keyboard.press("Tab");
    const inFocus = () => page.evaluate(() => ({ text: document.activeElement.innerText, outline: getComputedStyle(document.activeElement).outlineStyle }));
    assert.deepEqual(await inFocus(), { text: "how they are made, and what cannot be concluded from them", outline: "solid" });
    const summary = page.locator("summary").first();
    await summary.focus();
    await page.keyboard.press("Enter");
    assert.equal(await page.locator("details").first().evaluate((details) => details.open), true);
    await page.context().close();
});
