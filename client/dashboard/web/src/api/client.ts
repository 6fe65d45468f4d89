// Asks the gateway, and turns every way in which that can fail into words that say what happened and what to do.
import { isDay, longDay } from "../text/format";
import { attendance, leave } from "../me";
import type { Operation, Replies } from "./types";

/** Members of the request by their names; every other name is a field of its filter. A list is given as several values. */
export type Question = Record<string, string | number | boolean | readonly string[] | null | undefined>;

const TIME_LIMIT_MS = 20_000;
/** A daemon that has many questions about other days under way takes the next one a moment later. */
const BUSY_RETRIES = 8;
const BUSY_PAUSE_MS = 500;
const LISTS = new Set(["group_by"]);

/** What came instead of an answer: RFC 9457's members as far as they were given. */
export class Problem extends Error {
    constructor(
        readonly status: number,
        readonly code: string,
        readonly detail: string,
        readonly pointer: string | null = null,
    ) {
        super(detail);
        this.name = "Problem";
    }

    /** Whether the same question may be answered when it is asked again. */
    get mayPass(): boolean {
        return !["not_found", "bad_request", "forbidden", "no_role", "not_signed_in", "unknown_op"].includes(this.code);
    }

    /** What happened, in a heading, and what can be done, in a sentence. */
    explain(): { heading: string; advice: string } {
        switch (this.code) {
            case "unreachable":
                return { heading: "The dashboard cannot be reached", advice: "Check that you are on the council's network. This page tries again by itself." };
            case "no_answer":
                return { heading: "No answer came in time", advice: "The service may be busy. Try again in a minute." };
            case "busy":
                return { heading: "The service is busy", advice: "Too many questions about other days at once. Try again in a moment." };
            case "daemon_away":
            case "bad_answer":
            case "internal":
                return { heading: "The waiting list service is not answering", advice: "Nothing is lost. This page comes back by itself when the service does." };
            case "not_found":
                return { heading: "There is nothing to show", advice: sentence(this.detail) };
            case "not_signed_in":
                return { heading: "You are not signed in any more", advice: "Load the page again to sign in." };
            case "no_role":
            case "forbidden":
                return { heading: "You may not do this", advice: `${sentence(this.detail)} Ask whoever looks after the dashboard in your council.` };
            case "bad_request":
            case "unknown_op":
                return { heading: "This cannot be shown", advice: sentence(this.detail) };
            case "read_only":
                return { heading: "Nothing can be saved at the moment", advice: "The service’s disk is full. Tell whoever looks after it, and try again later." };
            default:
                return { heading: "Something went wrong", advice: sentence(this.detail) };
        }
    }
}

/** The daemon's message as a sentence, its days as people write them. */
function sentence(text: string): string {
    const begun = (text.charAt(0).toUpperCase() + text.slice(1)).replace(/\b\d{4}-\d\d-\d\d\b/g, (day) => (isDay(day) ? longDay(day) : day));
    return /[.!?]$/.test(begun) ? begun : `${begun}.`;
}

/** The query string of a question; names without a value are left out, so that equal questions have equal addresses. */
export function queryString(question: Question): string {
    const query = new URLSearchParams();
    for (const name of Object.keys(question).sort()) {
        const value = question[name];
        if (value === null || value === undefined || value === "") continue;
        if (typeof value === "object") {
            if (LISTS.has(name)) query.append(name, value.join(","));
            else for (const one of value) query.append(name, one);
        } else {
            query.append(name, String(value));
        }
    }
    const text = query.toString();
    return text ? `?${text}` : "";
}

/** Where the answer to a question is, as JSON or as the same cells in CSV. */
export function apiAddress(operation: Operation, question: Question = {}, format: "json" | "csv" = "json"): string {
    return `/api/v1/${operation}${format === "csv" ? ".csv" : ""}${queryString(question)}`;
}

/** The statuses of a proxy in between have no code of ours. */
function codeOf(status: number): string {
    if (status === 504) return "no_answer";
    if (status === 502 || status === 503) return "daemon_away";
    if (status === 429) return "busy";
    if (status === 404) return "not_found";
    if (status === 401) return "not_signed_in";
    if (status === 403) return "forbidden";
    return status < 500 ? "bad_request" : "internal";
}

export async function problemOf(response: Response): Promise<Problem> {
    let code = codeOf(response.status);
    let detail = `The answer was "${response.status} ${response.statusText}".`;
    let pointer: string | null = null;
    if (/\bjson\b/.test(response.headers.get("content-type") ?? "")) {
        const body: unknown = await response.json().catch(() => null);
        if (body !== null && typeof body === "object") {
            const members = body as Record<string, unknown>;
            if (typeof members.code === "string") code = members.code;
            if (typeof members.detail === "string") detail = members.detail;
            if (typeof members.pointer === "string") pointer = members.pointer;
        }
    }
    return new Problem(response.status, code, detail, pointer);
}

async function fetchOrProblem(address: string, init: RequestInit, signal: AbortSignal | undefined): Promise<Response> {
    const limit = new AbortController();
    const timer = setTimeout(() => limit.abort(), TIME_LIMIT_MS);
    const abort = () => limit.abort();
    signal?.addEventListener("abort", abort);
    try {
        const headers = { ...(init.headers as Record<string, string> | undefined), ...attendance() };
        const response = await fetch(address, { ...init, headers, signal: limit.signal, cache: "no-store", credentials: "same-origin" });
        if (response.status === 401) leave();
        if (!response.ok) throw await problemOf(response);
        return response;
    } catch (failure) {
        if (failure instanceof Problem || signal?.aborted) throw failure;
        if (limit.signal.aborted) throw new Problem(0, "no_answer", "no answer came in time");
        throw new Problem(0, "unreachable", "the dashboard cannot be reached");
    } finally {
        clearTimeout(timer);
        signal?.removeEventListener("abort", abort);
    }
}

/** A daemon answers eight questions about other days at once, and a browser keeps six connections: the stream's among them. */
const AT_ONCE = 4;
let underWay = 0;
const queue: (() => void)[] = [];

async function inTurn<T>(work: () => Promise<T>): Promise<T> {
    if (underWay >= AT_ONCE) await new Promise<void>((resolve) => queue.push(resolve));
    underWay += 1;
    try {
        return await work();
    } finally {
        underWay -= 1;
        queue.shift()?.();
    }
}

async function readJson<T>(response: Response): Promise<T> {
    try {
        return (await response.json()) as T;
    } catch {
        throw new Problem(response.status, "internal", "the answer could not be read");
    }
}

export async function ask<Op extends Operation>(operation: Op, question: Question = {}, signal?: AbortSignal): Promise<Replies[Op]> {
    for (let tries = 1; ; tries += 1) {
        try {
            return await inTurn(async () => {
                signal?.throwIfAborted();
                const response = await fetchOrProblem(apiAddress(operation, question), { headers: { accept: "application/json" } }, signal);
                return readJson<Replies[Op]>(response);
            });
        } catch (failure) {
            if (!(failure instanceof Problem) || failure.code !== "busy" || tries > BUSY_RETRIES || signal?.aborted) throw failure;
            await new Promise((resolve) => setTimeout(resolve, BUSY_PAUSE_MS * tries * (0.75 + Math.random() / 2)));
        }
    }
}

/** Posts JSON to the gateway; `path` begins behind /api/v1/. */
export async function send<T>(path: string, body: unknown): Promise<T> {
    const response = await fetchOrProblem(
        `/api/v1/${path}`,
        { method: "POST", headers: { accept: "application/json", "content-type": "application/json" }, body: JSON.stringify(body) },
        undefined,
    );
    return readJson<T>(response);
}

/** What is at a path behind /api/v1/ that is no question to the daemon. */
export async function receive<T>(path: string, signal?: AbortSignal): Promise<T> {
    return readJson<T>(await fetchOrProblem(`/api/v1/${path}`, { headers: { accept: "application/json" } }, signal));
}

export async function remove(path: string): Promise<void> {
    await fetchOrProblem(`/api/v1/${path}`, { method: "DELETE" }, undefined);
}
