// Signing in by keyboard, what each role finds on the pages, and what becomes of an open page whose session ends.
import assert from "node:assert/strict";
import { after, before as first, test } from "node:test";
import { faultsOf, LOOKS } from "./axe.mjs";
import { CONFIGURATION, NOW, people } from "./council.mjs";
import { launchBrowser, openPage, raiseStage } from "./stage.mjs";

let stage;
let browser;
const tokens = {};

first(async () => {
    stage = await raiseStage({ clock: NOW, config: CONFIGURATION, signing_in: true });
    browser = await launchBrowser();
    await stage.send(...people());
    for (const [user, roles, teams] of [["vera", ["viewer"], []], ["max", ["manager"], ["north"]], ["ann", ["analyst"], []], ["ada", ["admin"], []]]) {
        tokens[user] = await stage.do("token", { user, roles, teams });
    }
});
after(async () => {
    await browser?.close();
    await stage?.end();
});

/** A page of somebody who has signed in. */
async function signedIn(user, path = "/", options = {}) {
    const page = await openPage(browser, stage, path, options);
    await page.getByLabel("Your token").fill(tokens[user]);
    await page.keyboard.press("Enter");
    await page.locator("#app h1").waitFor();
    return page;
}

async function withoutFault(page) {
    assert.deepEqual(await faultsOf(page), []);
    const [content, window] = await page.evaluate(() => [document.documentElement.scrollWidth, innerWidth]);
    assert.ok(content <= window, `the page is ${content} wide in a window of ${window}`);
}

const menu = (page) => page.locator("#navigation a").allTextContents();

test("by keyboard, from the address that was wanted and back to it", async () => {
    const page = await openPage(browser, stage, "/people?team=south&sort=-risk");
    await page.getByRole("heading", { level: 1, name: "Sign in" }).waitFor();
    assert.ok(page.url().includes("/sign-in?to=%2Fpeople%3Fteam%3Dsouth%26sort%3D-risk"), page.url());
    await page.waitForFunction(() => document.activeElement.id === "token"); // one can type at once
    await page.keyboard.type(tokens.ada);
    await page.keyboard.press("Tab");
    await page.keyboard.press("Enter");
    await page.getByRole("heading", { level: 1, name: "People waiting" }).waitFor();
    assert.equal(new URL(page.url()).pathname + new URL(page.url()).search, "/people?team=south&sort=-risk");
    await page.getByText("ada Administrator").waitFor();
    assert.deepEqual(page.complaints, []);
    assert.equal(await page.evaluate(() => document.cookie), "", "no script can read the session");
    await page.getByRole("button", { name: "Sign out" }).press("Enter");
    await page.getByText("You have signed out.").waitFor();
    await page.goto("/people");
    await page.getByRole("heading", { level: 1, name: "Sign in" }).waitFor();
    await page.context().close();
});

test("without a script", async () => {
    const page = await openPage(browser, stage, "/queue", { javaScriptEnabled: false });
    await page.getByLabel("Your token").fill(tokens.vera);
    await page.getByRole("button", { name: "Sign in" }).click();
    await page.waitForURL("**/queue");
    assert.match(await page.content(), /keeps its figures live with JavaScript/);
    await page.context().close();
});

test("a token that is none", async () => {
    const page = await openPage(browser, stage, "/compare");
    await page.getByLabel("Your token").press("Enter");
    await page.getByRole("alert").getByText("Enter your token").waitFor();
    await page.getByLabel("Your token").fill("wait_mistyped");
    await page.keyboard.press("Enter");
    await page.getByRole("alert").getByText("This token is not known here").waitFor();
    await withoutFault(page);
    await page.getByLabel("Your token").fill(tokens.vera);
    await page.keyboard.press("Enter");
    await page.getByRole("heading", { level: 1, name: "Compare" }).waitFor();
    await page.context().close();
});

for (const [look, options] of LOOKS) {
    test(`the page for signing in is without fault, ${look}`, async () => {
        const page = await openPage(browser, stage, "/sign-in?ended=1&to=/people", options);
        await page.getByText("as your time here was over").waitFor();
        await withoutFault(page);
        assert.deepEqual(page.complaints, []);
        await page.context().close();
    });

    test(`a viewer has counts and no way to people, ${look}`, async () => {
        const page = await signedIn("vera", "/", options);
        await page.getByText("Viewer, counts only").waitFor();
        assert.deepEqual(await menu(page), ["Overview", "Queue", "Compare", "Definitions"]);
        await page.locator(".app-figure__number", { hasText: /^30$/ }).waitFor();
        await withoutFault(page);
        for (const path of ["/", "/queue?pathway=needs_assessment", "/compare", "/compare?by=district"]) {
            await page.goto(path);
            await page.waitForFunction(() => document.querySelector("main h1") && !document.querySelector("main .app-loading"));
            const ways = await page.locator("main a[href]").evaluateAll((links) => links.map((each) => each.getAttribute("href")));
            assert.deepEqual(ways.filter((href) => /^\/(people|wait|alerts|caseloads)/.test(href)), [], path);
        }
        assert.deepEqual(page.complaints, []);
        for (const path of ["/people", "/wait?subject=north-04", "/alerts", "/caseloads", "/data-quality", "/evidence"]) {
            await page.goto(path);
            await page.getByRole("heading", { level: 1, name: "You do not have access to this" }).waitFor();
        }
        await withoutFault(page);
        await page.context().close();
    });

    test(`a manager begins with their team and sees its people only, ${look}`, async () => {
        const page = await signedIn("max", "/people", options);
        await page.getByText("Manager of North older people").waitFor();
        assert.ok(page.url().includes("team=north"), page.url());
        await page.goto("/people?team=all");
        await page.getByText("Only of your team: North older people.").waitFor();
        await page.getByText("Rows 1 to 15 of 15").waitFor();
        assert.deepEqual(await page.getByLabel("Team").locator("option").allTextContents(), ["All of your teams", "North older people"]);
        await withoutFault(page);
        assert.ok(!(await menu(page)).includes("Evidence"));
        await page.goto("/alerts?team=all");
        await page.getByText("Only of your team: North older people.").waitFor();
        await page.getByRole("link", { name: /^Acknowledge/ }).first().waitFor();
        await page.goto("/wait?subject=south-04");
        await page.getByRole("heading", { level: 1, name: "No wait of your teams has this reference" }).waitFor();
        await page.goto("/data-quality");
        await page.getByText("Only of your team: North older people.").waitFor();
        await withoutFault(page);
        await page.context().close();
    });
}

test("an analyst sees every alert and deals with none", async () => {
    const page = await signedIn("ann", "/alerts");
    await page.locator(".app-alerts tbody tr").first().waitFor();
    assert.equal(await page.getByRole("link", { name: /^Acknowledge/ }).count(), 0);
    await page.goto("/evidence");
    await page.getByRole("heading", { level: 1, name: "Evidence" }).waitFor();
    await page.context().close();
});

test("a manager acknowledges in their own name", async () => {
    const page = await signedIn("max", "/alerts");
    await page.getByRole("link", { name: /^Acknowledge/ }).first().click();
    await page.getByText("In your name, max").waitFor();
    await page.getByLabel("Note (optional)").fill("visit planned");
    await page.getByRole("button", { name: "Acknowledge" }).click();
    await page.getByText(/acknowledged$/).first().waitFor();
    assert.ok((await stage.ask("alerts", { limit: 1000 })).rows.some((row) => row.transition === "acknowledged" && row.by === "max"));
    await page.context().close();
});

test("a session that ends shows the page for signing in, in every tab, and leads back", async () => {
    tokens.temp = await stage.do("token", { user: "temp", roles: ["analyst"] });
    const page = await signedIn("temp", "/people?team=north");
    const other = await page.context().newPage();
    await other.goto("/compare");
    await page.getByText("Rows 1 to 15 of 15").waitFor();
    await other.locator(".app-live-mark[data-condition=live]").waitFor();
    await stage.do("remove_token", { user: "temp" });
    for (const each of [page, other]) await each.getByRole("heading", { level: 1, name: "Sign in" }).waitFor();
    await page.getByText("as your time here was over").waitFor();
    assert.equal(await page.getByText("north-04").count(), 0, "nothing about people stays in sight");
    await page.getByLabel("Your token").fill(tokens.ada);
    await page.keyboard.press("Enter");
    await page.getByText("ada Administrator").waitFor();
    assert.equal(new URL(page.url()).search, "?team=north");
    await page.locator(".app-live-mark[data-condition=live]").waitFor();
    await page.context().close();
});

test("signing out in one tab signs out the other", async () => {
    const page = await signedIn("ann", "/");
    const other = await page.context().newPage();
    await other.goto("/people");
    await other.getByText(/^Rows 1 to/).waitFor();
    await page.getByRole("button", { name: "Sign out" }).click();
    await page.getByText("You have signed out.").waitFor();
    await other.getByRole("heading", { level: 1, name: "Sign in" }).waitFor();
    await page.context().close();
});

test("a link on another site's page comes to the session all the same", async () => {
    const page = await signedIn("ann", "/");
    // A page of a made-up site; nothing leaves this machine.
    await page.context().route("http://elsewhere.example/", (route) => route.fulfill({ contentType: "text/html", body: `<a href="${stage.address}/people?team=north">list</a>` }));
    await page.goto("http://elsewhere.example/");
    await page.getByRole("link", { name: "list" }).click();
    await page.getByRole("heading", { level: 1, name: "People waiting" }).waitFor();
    await page.context().close();
});
