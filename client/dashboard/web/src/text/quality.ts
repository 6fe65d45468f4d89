// Data quality in words: how complete something is, what a refused record says and where it is wrong.
import type { Filled } from "../api/types";
import { number } from "./format";

/** "99.2%", with a tenth as the daemon gives it; never 100% where one is missing. */
export function filledWords(filled: Filled | undefined): string {
    if (!filled || filled.percent === null) return "–";
    if (filled.percent === 100 && filled.with < filled.of) return "99.9%";
    return `${number(filled.percent)}%`;
}

/** JSON as people can read it; anything else as it came. */
export function readable(raw: string): string {
    try {
        return JSON.stringify(JSON.parse(raw), null, 2);
    } catch {
        return raw;
    }
}

/** The JSON Pointer as a path of words: "/data/team" is "data › team". */
export function pointerWords(pointer: string): string {
    return pointer.split("/").slice(1).map((part) => part.replace(/~1/g, "/").replace(/~0/g, "~")).join(" › ");
}
