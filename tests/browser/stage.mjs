// A stage for browser tests: one daemon, one gateway, one Chromium, and the words in which a test moves them.
import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { chromium } from "./packages.mjs";

const HERE = fileURLToPath(new URL(".", import.meta.url));
const CHROMIUM = process.env.CHROMIUM ?? "/usr/bin/chromium";

/** The limit of every wait for a page, in milliseconds: how long something may take at most on a loaded machine, never how long it is waited. */
export const LIMIT_MS = Number(process.env.WAITLIST_TEST_LIMIT_S ?? 30) * 1000;

class Stage {
    #process;
    #lines;
    address = "";

    constructor() {
        this.#process = spawn("/usr/bin/python3", ["-B", `${HERE}stage.py`], { stdio: ["pipe", "pipe", "inherit"] });
        this.#lines = createInterface({ input: this.#process.stdout })[Symbol.asyncIterator]();
    }

    /** One method of stage.py's Stage, by name. Commands must not overlap: each is awaited before the next. */
    async do(name, members = {}) {
        this.#process.stdin.write(`${JSON.stringify({ do: name, ...members })}\n`);
        const { value: line, done } = await this.#lines.next();
        if (done) throw new Error(`the stage ended during ${name}`);
        const answer = JSON.parse(line);
        if (!answer.ok) throw new Error(`${name}:\n${answer.error}`);
        return answer.value;
    }

    async begin(options) {
        this.address = await this.do("begin", options);
    }

    send(...events) {
        return this.do("send", { events });
    }

    /** Events of which some may be quarantined; gives the daemon's reply. */
    offer(...events) {
        return this.do("offer", { events });
    }

    ask(op, members) {
        return this.do("ask", { op, members });
    }

    async end() {
        const ended = new Promise((resolve) => this.#process.once("exit", resolve));
        this.#process.stdin.end();
        await ended;
    }
}

export async function raiseStage(options) {
    const stage = new Stage();
    try {
        await stage.begin(options);
    } catch (error) {
        await stage.end();
        throw error;
    }
    return stage;
}

/** A headless Chromium. Its sandbox needs a user that is not root, which CI's is. */
export function launchBrowser() {
    return chromium.launch({ executablePath: CHROMIUM, args: ["--no-sandbox", "--disable-background-networking"] });
}

/**
 * A page on the stage, of its own context. What the page complains of (errors, refused resources, a breach of its content security policy)
 * gathers in `page.complaints`.
 */
export async function openPage(browser, stage, path, options = {}) {
    const context = await browser.newContext({
        baseURL: stage.address,
        locale: "en-GB",
        timezoneId: "Europe/London",
        viewport: { width: 1366, height: 900 },
        acceptDownloads: true,
        ...options,
    });
    context.setDefaultTimeout(LIMIT_MS);
    const page = await context.newPage();
    page.complaints = [];
    page.on("pageerror", (error) => page.complaints.push(String(error)));
    page.on("console", (message) => {
        // A day without a report is told as 404, and the browser tells of every one.
        if (message.location().url.includes("basis=reported") && message.text().includes("404")) return;
        if (message.type() === "error" || message.type() === "warning") page.complaints.push(`${message.text()} (${message.location().url})`);
    });
    if (path !== undefined) await page.goto(path);
    return page;
}

/** Waits until the figure of this name shows this text. */
export async function figureOf(page, name, text) {
    const figure = page.locator(".app-figure").filter({ has: page.getByText(name, { exact: true }) });
    await figure.locator(".app-figure__number").filter({ hasText: new RegExp(`^${text}$`) }).waitFor();
}
