// Parts of pages that are plain arithmetic: bars of a distribution, caseloads, restatements, totals, what an hour brought.
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Flow, Position, SeriesReply, Week } from "../src/api/types";

Object.assign(globalThis, { location: { pathname: "/", search: "", hash: "" } });
const { bars, barWeeks, barWords } = await import("../src/charts/weeks");
const { movement, restatedWords } = await import("../src/charts/queue");
const { sparkPath } = await import("../src/charts/spark");
const { compare } = await import("../src/components/table");
const { addUp } = await import("../src/live/summary");
const { standardWords } = await import("../src/names");
const { hourWords } = await import("../src/pages/overview");
const { teamLoads } = await import("../src/text/caseloads");
const { isSilent, reasonWords, sourceName } = await import("../src/text/feeds");

function weeks(count: number, open = false): Week[] {
    return Array.from({ length: count }, (_, index) => ({
        from_days: index * 7, to_days: open && index === count - 1 ? null : index * 7 + 6, count: 10, over_standard: index < 4 ? 0 : index === 4 ? 8 : 10,
    }));
}

function position(changes: Partial<Position> = {}): Position {
    return { ...addUp([]), ...changes };
}

test("weeks are bars, each with who is within and who is over the standard", () => {
    const made = bars(weeks(6), 60);
    assert.equal(made.length, 6);
    assert.deepEqual(made[4], { from: 28, to: 34, within: 2, over: 8 });
    assert.equal(barWords(made[4]!), "28 to 34");
    assert.equal(barWeeks(made[4]!), 1);
});

test("too many weeks are put together without losing anybody", () => {
    const made = bars(weeks(130, true), 60);
    assert.ok(made.length <= 60);
    assert.equal(made.reduce((sum, bar) => sum + bar.within + bar.over, 0), 1300);
    assert.deepEqual([made[0]!.from, made[0]!.to, barWeeks(made[0]!)], [0, 27, 4]);
    assert.equal(made[made.length - 1]!.to, null);
    assert.equal(barWords(made[made.length - 1]!), `${made[made.length - 1]!.from} or more`);
});

function series(values: readonly [string, number, number][]): SeriesReply {
    const totals = values.map(([day, waiting, breach]) => ({ day, position: position({ waiting, breach }) }));
    return { rows: [], totals, from: "", to: "", step: "day", basis: "reported", known_at: 1, journal_seq: 1 };
}

test("reported days stand beside what is known now, and the largest change is told", () => {
    const reported = series([["2025-07-01", 100, 50], ["2025-07-02", 101, 50], ["2025-07-03", 90, 40]]);
    const moved = movement(reported, series([["2025-07-01", 100, 49], ["2025-07-02", 98, 50]]));
    assert.deepEqual(moved[1], { day: "2025-07-02", waiting: 101, breach: 50, known: { waiting: 98, breach: 50 } });
    assert.equal(moved[2]!.known, null);
    assert.match(restatedWords(moved), /changed 1 of 2 reported days, the most on 2 July 2025: 3 fewer/);
    assert.equal(restatedWords(movement(reported, reported)), "None of the 3 reported days has changed since.");
    assert.equal(restatedWords(movement(reported, null)), "");
});

test("tables sort numbers as numbers and names by the alphabet, nulls last either way", () => {
    assert.deepEqual([10, null, 9, 100].sort((a, b) => compare(a, b, false)), [9, 10, 100, null]);
    assert.deepEqual([10, null, 9, 100].sort((a, b) => compare(a, b, true)), [100, 10, 9, null]);
    assert.deepEqual(["w-10", "w-9", "W-1"].sort((a, b) => compare(a, b, false)), ["W-1", "w-9", "w-10"]);
});

test("what can be added up is, and no median is made of medians", () => {
    const total = addUp([position({ waiting: 3, breach: 1, longest: 40, median: 9, bands: [1, 2] }), position({ waiting: 2, longest: null, bands: [2, 0] })]);
    assert.deepEqual([total.waiting, total.breach, total.longest, total.median, total.bands], [5, 1, 40, null, [3, 2]]);
    assert.equal(addUp([]).longest, null);
});

test("standards are said with their unit and by priority", () => {
    const settings = {
        name: "p", label: "P", standard_days: 28, standard_by_priority: {}, unit: "calendar_days", pauses: "count", clock_stops_on: "ended", completes_on: "",
    } as const;
    assert.equal(standardWords(settings), "28 days");
    assert.equal(standardWords({ ...settings, standard_days: 5, unit: "working_days" }), "5 working days");
    assert.equal(standardWords({ ...settings, standard_days: 1, unit: "working_days" }), "1 working day");
    assert.equal(standardWords({ ...settings, standard_by_priority: { "1": 1, "4": 42 } }), "1 to 42 days, by priority");
});

const NOTHING: Flow = {
    started: 0, completed: 0, completed_within_standard: 0, closed: 0, closed_by_reason: {}, reopened: 0, transferred_in: 0, transferred_out: 0,
    contacts: 0, n: 0, median: null, mean: null, p90: null, longest: null,
};

test("an hour is what the flow has more than it had, and what was taken back", () => {
    assert.deepEqual(hourWords({ ...NOTHING, started: 5, completed: 3, contacts: 1 }, { ...NOTHING, started: 2, completed: 4 }), [
        "3 started waiting", "1 completed, taken back", "1 contact made",
    ]);
    assert.deepEqual(hourWords({ ...NOTHING, contacts: 2 }, undefined), ["2 contacts made"]);
    assert.deepEqual(hourWords(NOTHING, NOTHING), []);
});

test("a team's load counts workers and what has none", () => {
    const rows = [
        { keys: { team: "a", worker: "unknown" }, position: position({ waiting: 8, unallocated: 7, in_progress: 1 }) },
        { keys: { team: "a", worker: "w1" }, position: position({ waiting: 3, allocated: 1, in_progress: 2 }) },
        { keys: { team: "a", worker: "w2" }, position: position({ waiting: 2, allocated: 2 }) },
        { keys: { team: "b", worker: "unknown" }, position: position({ waiting: 1, unallocated: 1 }) },
        { keys: { team: "c", worker: "w3" }, position: position({ scheduled: 1 }) },
    ];
    assert.deepEqual(teamLoads(rows), [
        { team: "a", unallocated: 7, allocated: 3, inProgress: 3, workers: 2, perWorker: 2.5 },
        { team: "b", unallocated: 1, allocated: 0, inProgress: 0, workers: 0, perWorker: null },
    ]);
});

test("a source is silent when the daemon says so, or when it may never be and is", () => {
    const source = { source: "urn:a", last_event: null, last_received: "2025-07-31T08:00:00.000Z", events: 1 };
    const settings = (minutes: number, hours: string | null) => ({ sources: [{ name: "urn:a", silence_minutes: minutes, hours }] }) as never;
    assert.equal(isSilent({ ...source, silent: true }, null, "2025-07-31T08:00:01.000Z"), true);
    assert.equal(isSilent({ ...source, silent: false }, settings(1, null), "2025-08-31T08:00:00.000Z"), false);
    assert.equal(isSilent(source, settings(60, null), "2025-07-31T09:00:01.000Z"), true);
    assert.equal(isSilent(source, settings(60, null), "2025-07-31T09:00:00.000Z"), false);
    assert.equal(isSilent(source, settings(60, "Mon-Fri 09:00-17:00"), "2025-08-31T09:00:00.000Z"), false);
    assert.equal(isSilent(source, settings(0, null), "2026-07-31T09:00:00.000Z"), false);
    assert.equal(sourceName("urn:dols-register"), "dols-register");
});

test("reasons are sentences, and silent sources are told elsewhere", () => {
    assert.equal(reasonWords("the journal's disk is full: no events are taken until there is room"), "The journal's disk is full: no events are taken until there is room.");
    assert.equal(reasonWords({ code: "disk_full", message: "the disk is full" }), "The disk is full.");
    assert.equal(reasonWords("urn:las is silent"), null);
});

test("a trend line begins at the left, ends now, stands on nought, and needs two days", () => {
    const path = sparkPath([{ day: "2025-07-01", waiting: 100, breach: 50 }, { day: "2025-07-08", waiting: 50, breach: 0 }, { day: "2025-07-15", waiting: 100, breach: 0 }])!;
    assert.equal(path.waiting, "M5.0,5.0L75.0,26.0L145.0,5.0");
    assert.equal(path.breach, "M5.0,26.0L75.0,47.0L145.0,47.0");
    assert.ok(path.area.startsWith(path.waiting) && path.area.endsWith("L145.0,47.0L5.0,47.0Z"));
    assert.deepEqual(path.end, { x: 145, y: 5 });
    assert.equal(sparkPath([{ day: "2025-07-01", waiting: 0, breach: 0 }]), null);
    assert.equal(sparkPath([]), null);
});
