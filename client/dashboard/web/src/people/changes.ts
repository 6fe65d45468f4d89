// What became of a list between two answers to the same question, so that it can be said and marked.
import type { Wait } from "../api/types";
import { number, plural } from "../text/format";

export interface ListChanges {
    joined: ReadonlySet<string>;
    changed: ReadonlySet<string>;
    left: number;
    /** By how many the whole list, on all pages, has grown. */
    grown: number;
}

export const NO_CHANGES: ListChanges = { joined: new Set(), changed: new Set(), left: 0, grown: 0 };

interface List {
    rows: readonly Wait[];
    count: number;
}

/** What a day that passes changes of everybody, so that it is news of nobody. */
const COUNTERS = ["days", "gross_days", "paused_days", "days_to_breach"] as const;

function news(wait: Wait): string {
    const { ...rest } = wait as Partial<Wait>;
    for (const name of COUNTERS) delete rest[name];
    return JSON.stringify(rest);
}

/** A row has changed when anything of it is another thing than before, but for its count of days. */
export function compareLists(before: List, after: List): ListChanges {
    const earlier = new Map(before.rows.map((row) => [row.subject, row]));
    const joined = new Set<string>();
    const changed = new Set<string>();
    for (const row of after.rows) {
        const old = earlier.get(row.subject);
        if (!old) joined.add(row.subject);
        else if (news(old) !== news(row)) changed.add(row.subject);
        earlier.delete(row.subject);
    }
    return { joined, changed, left: earlier.size, grown: after.count - before.count };
}

export function isNothing(changes: ListChanges): boolean {
    return changes.joined.size === 0 && changes.changed.size === 0 && changes.left === 0 && changes.grown === 0;
}

/** "2 are new, 1 has gone, 3 have changed; now 1,075 on the list" */
export function changesWords(changes: ListChanges, count: number): string {
    const parts = [
        changes.joined.size > 0 ? `${number(changes.joined.size)} ${changes.joined.size === 1 ? "is" : "are"} new` : "",
        changes.left > 0 ? `${number(changes.left)} ${changes.left === 1 ? "has" : "have"} gone` : "",
        changes.changed.size > 0 ? `${number(changes.changed.size)} ${changes.changed.size === 1 ? "has" : "have"} changed` : "",
    ].filter(Boolean);
    const whole = `now ${plural(count, "person", "people")} on the list`;
    return parts.length === 0 ? whole : changes.grown === 0 ? parts.join(", ") : `${parts.join(", ")}; ${whole}`;
}
