// From a commit to the pixels of an open page, and what the first load takes over the wire; prints one JSON object for bench_pixels.py.
import { CONFIGURATION, NOW, people, TODAY } from "../browser/council.mjs";
import { referral } from "../browser/events.mjs";
import { figureOf, launchBrowser, openPage, raiseStage } from "../browser/stage.mjs";

const WARM_UP = 3;
const count = Number(process.argv[2]);

/** Bytes of everything that the overview loads until it is live, as they came: compressed, with their headers. */
async function firstLoad(browser, stage) {
    const page = await openPage(browser, stage);
    const session = await page.context().newCDPSession(page);
    const sizes = new Map();
    const paths = new Map();
    session.on("Network.responseReceived", ({ requestId, response }) => paths.set(requestId, new URL(response.url).pathname));
    session.on("Network.loadingFinished", ({ requestId, encodedDataLength }) => sizes.set(requestId, encodedDataLength));
    await session.send("Network.enable");
    await page.goto("/");
    await page.getByText(/^Live, /).waitFor();
    await page.waitForLoadState("networkidle").catch(() => undefined);
    const bytes = { pages: 0, answers: 0 };
    for (const [request, size] of sizes) bytes[paths.get(request)?.startsWith("/api/") ? "answers" : "pages"] += size;
    await page.context().close();
    return bytes;
}

/** Milliseconds from the moment at which the sender had its acknowledgement to the frame that shows the new figure. */
async function commitToPixels(page, stage, number) {
    const wanted = String(30 + number);
    await page.evaluate((text) => {
        const figure = document.querySelector(".app-figure__number");
        globalThis.shownAt = new Promise((resolve) => {
            const observer = new MutationObserver(() => {
                if (figure.textContent.trim() !== text) return;
                observer.disconnect();
                // Behind the next frame the new text has been drawn.
                requestAnimationFrame(() => setTimeout(() => resolve(Date.now()), 0));
            });
            observer.observe(figure, { childList: true, subtree: true, characterData: true });
        });
    }, wanted);
    const acknowledgedAt = await stage.do("send_and_tell_when", { events: [referral(`pixel-${number}`, TODAY)] });
    return (await page.evaluate(() => globalThis.shownAt)) - acknowledgedAt;
}

const stage = await raiseStage({ clock: NOW, config: CONFIGURATION });
const browser = await launchBrowser();
try {
    await stage.send(...people());
    const bytes = await firstLoad(browser, stage);
    const page = await openPage(browser, stage, "/");
    await page.getByText(/^Live, /).waitFor();
    await figureOf(page, "Waiting", "30");
    const taken = [];
    for (let number = 1; number <= count + WARM_UP; number += 1) taken.push(await commitToPixels(page, stage, number));
    console.log(JSON.stringify({ bytes, ms: taken.slice(WARM_UP) }));
} finally {
    await browser.close();
    await stage.end();
}
