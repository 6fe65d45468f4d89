// The Evidence page: what is wrong is said at its field, a pack is made, followed, downloaded, cancelled, and its failure told in words.
import assert from "node:assert/strict";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before as first, test } from "node:test";
import { faultsOf } from "./axe.mjs";
import { CONFIGURATION, NOW, people } from "./council.mjs";
import { launchBrowser, openPage, raiseStage } from "./stage.mjs";

const WITH_PROGRAM = (command) => `${CONFIGURATION}\ndashboard = { evidence = { command = "${command}"; }; };\n`;

let stage;
let browser;

first(async () => {
    stage = await raiseStage({ clock: NOW, config: WITH_PROGRAM(process.env.WAITLISTCTL) });
    browser = await launchBrowser();
    await stage.send(...people());
});
after(async () => {
    await browser?.close();
    await stage?.end();
});

async function openForm(on = stage) {
    const page = await openPage(browser, on, "/evidence");
    // The usual period is there as soon as the page knows what day it is.
    await page.waitForFunction(() => document.querySelector("#from")?.value === "1/1/2025");
    return page;
}

async function choose(page, from, to, audience) {
    await page.getByLabel("First day").fill(from);
    await page.getByLabel("Last day").fill(to);
    if (audience) await page.getByLabel(audience).check();
    await page.getByRole("button", { name: "Make the pack" }).click();
}

test("the form asks for six months until a choice is made, and says at its field what is wrong", async () => {
    const page = await openForm();
    assert.equal(await page.getByLabel("Last day").inputValue(), "30/6/2025");
    await choose(page, "31/2/2025", "2/7/2025", null);
    const summary = page.getByRole("alert");
    await summary.getByText("There is a problem").waitFor();
    assert.deepEqual(await summary.getByRole("link").allInnerTexts(), ["Enter the first day as in 31/7/2025", "The last day must be today or before", "Choose who will read it"]);
    assert.equal(await page.evaluate(() => document.activeElement.className), "govuk-error-summary");
    assert.deepEqual(await faultsOf(page), []);
    await summary.getByRole("link", { name: "Choose who will read it" }).click();
    assert.equal(await page.evaluate(() => document.activeElement.id), "audience");
    assert.deepEqual(page.complaints, []);
    await page.context().close();
});

for (const [audience, name, words] of [
    ["An inspector, or your own council", "evidence-2025-03-01-2025-06-30-sensitive.zip", /It is sensitive/],
    ["Everybody", "evidence-2025-03-01-2025-06-30-published.zip", /It is kept here for 15 minutes. It is not signed/],
]) {
    test(`a pack for "${audience}" is made and downloaded`, async () => {
        const page = await openForm();
        await choose(page, "1/3/2025", "30/6/2025", audience);
        await page.waitForURL(/\/evidence\?(.*&)?pack=[0-9a-f]{32}/);
        await page.getByRole("status").filter({ hasText: "The pack is ready" }).waitFor();
        await page.getByText(words).waitFor();
        assert.deepEqual(await faultsOf(page), []);
        const [download] = await Promise.all([page.waitForEvent("download"), page.getByRole("link", { name: /^Download the pack/ }).click()]);
        assert.equal(download.suggestedFilename(), name);
        assert.equal((await readFile(await download.path())).subarray(0, 2).toString(), "PK");
        await page.reload();
        await page.getByRole("link", { name: /^Download the pack/ }).waitFor();
        assert.deepEqual(page.complaints, []);
        await page.context().close();
    });
}

test("why a pack cannot be made is told, and leads back to the form", async () => {
    const page = await openForm();
    await choose(page, "1/1/1995", "30/6/1995", "Everybody");
    await page.getByRole("status").filter({ hasText: "The pack could not be made" }).waitFor();
    await page.getByText(/1995/).last().waitFor();
    assert.deepEqual(await faultsOf(page), []);
    await page.getByRole("link", { name: "Choose another period" }).click();
    await page.getByLabel("First day").waitFor();
    await page.context().close();
});

test("packs wait, are cancelled, and beyond the limit one is told to come again", async () => {
    const folder = await mkdtemp(join(tmpdir(), "waitlist-evidence-test-"));
    const program = join(folder, "program");
    await writeFile(program, "#!/bin/sh\necho progress 30 100 >&2\nexec sleep 3600\n", { mode: 0o700 });
    const other = await raiseStage({ clock: NOW, config: WITH_PROGRAM(program) });
    try {
        const pages = [];
        for (let count = 0; count < 4; count += 1) {
            const page = await openForm(other);
            await choose(page, "1/3/2025", "30/6/2025", "Everybody");
            await page.getByRole("button", { name: "Cancel" }).waitFor();
            pages.push(page);
        }
        await pages[0].getByRole("status").filter({ hasText: "A quarter is done" }).waitFor();
        await pages[0].getByLabel("Question 31 of about 100").waitFor();
        await pages[1].getByRole("status").filter({ hasText: "Waiting: one other pack is made first" }).waitFor();
        assert.deepEqual(await faultsOf(pages[1]), []);
        const late = await openForm(other);
        await choose(late, "1/3/2025", "30/6/2025", "Everybody");
        await late.getByRole("alert").getByText(/no more can wait/).waitFor();
        assert.deepEqual(await faultsOf(late), []);
        await pages[0].getByRole("button", { name: "Cancel" }).click();
        await pages[0].getByLabel("First day").waitFor();
        await pages[1].getByRole("status").filter({ hasText: "A quarter is done" }).waitFor();
        await late.getByRole("button", { name: "Make the pack" }).click();
        await late.getByRole("button", { name: "Cancel" }).waitFor();
        for (const page of [...pages, late]) await page.context().close();
    } finally {
        await other.end();
        await rm(folder, { recursive: true });
    }
});

test("where evidence is off, the page says how it is turned on", async () => {
    const other = await raiseStage({ clock: NOW, config: `${CONFIGURATION}\ndashboard = { evidence = { enabled = false; }; };\n` });
    try {
        const page = await openPage(browser, other, "/evidence");
        await page.getByText("dashboard.evidence.enabled = true").waitFor();
        assert.deepEqual(await faultsOf(page), []);
        assert.deepEqual(page.complaints, []);
        await page.context().close();
    } finally {
        await other.end();
    }
});
