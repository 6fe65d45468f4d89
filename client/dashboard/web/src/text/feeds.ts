// Whether a source of records has fallen silent, and why the service says that it is not well, in plain words.
import type { Configuration, Health, Source } from "../api/types";
import { humanise } from "./format";

const MINUTE_MS = 60_000;

/** What the daemon says of the source, or else whether it has been quiet for longer than is configured. */
export function isSilent(source: Source, configuration: Configuration | null, now: string): boolean {
    if (source.silent !== undefined) return source.silent;
    const settings = configuration?.sources.find((each) => each.name === source.source);
    // Hours in which silence counts are the daemon's to judge: without its word only a source that may never be silent is said to be.
    if (!settings || settings.silence_minutes === 0 || settings.hours !== null || source.last_received === null) return false;
    return Date.parse(now) - Date.parse(source.last_received) > settings.silence_minutes * MINUTE_MS;
}

/** "urn:dols-register" is "dols-register". */
export function sourceName(source: string): string {
    return source.replace(/^urn:/, "");
}

/** A reason of `health` as a sentence; null for silent sources, which are named one by one. */
export function reasonWords(reason: Health["reasons"][number]): string | null {
    const code = typeof reason === "string" ? reason : (reason.code ?? reason.message ?? "");
    const said = typeof reason === "string" ? reason : (reason.message ?? reason.code ?? "");
    if (/silent/.test(code)) return null;
    const words = /\s/.test(said) ? said : humanise(said);
    const begun = words.charAt(0).toUpperCase() + words.slice(1);
    return /[.!?]$/.test(begun) ? begun : `${begun}.`;
}
