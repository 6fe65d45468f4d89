// Positions by pathway or team: loaded by a summary, and from then on as they are published, without asking again.
import { useMemo } from "preact/hooks";
import { dayOfView, type View } from "../address";
import type { Basis, Position, SeriesReply, SummaryReply } from "../api/types";
import { newer, ONCE, useAnswer, usePositions, type Answer, type Group } from "./hooks";
import { live } from "./store";

export interface Positions {
    day: string;
    /** One for each group in which somebody waits. */
    rows: Group[];
    /** Of everything that was asked for. Its median and mean are there only where the daemon gave them. */
    total: Position;
    basis: Basis;
}

/** Adds up what can be added; statistics of a whole do not follow from those of its parts, but the longest does. */
export function addUp(positions: readonly Position[]): Position {
    const total: Position = {
        waiting: 0, unallocated: 0, allocated: 0, in_progress: 0, paused: 0, breach: 0, due: 0, scheduled: 0, no_contact: 0,
        longest: null, median: null, mean: null, p90: null, bands: [],
    };
    for (const each of positions) {
        for (const name of ["waiting", "unallocated", "allocated", "in_progress", "paused", "breach", "due", "scheduled", "no_contact"] as const) total[name] += each[name];
        if (each.longest !== null) total.longest = Math.max(total.longest ?? 0, each.longest);
        each.bands.forEach((count, index) => (total.bands[index] = (total.bands[index] ?? 0) + count));
    }
    return total;
}

interface Asked {
    by: "pathway" | "team";
    pathway: string | null;
    team: string | null;
}

function placeOf(asked: Asked, key: string): { pathway: string | null; team: string | null } {
    return asked.by === "pathway" ? { pathway: key, team: asked.team } : { pathway: asked.pathway, team: key };
}

/** The published groups that belong to what was asked, whether or not they were in the answer. */
function groupsOf(asked: Asked, reply: SummaryReply): string[] {
    const names = new Set(reply.rows.map((row) => row.keys[asked.by]!));
    for (const key of live.positionKeys()) {
        const [pathway, team] = key.split(".") as [string, string];
        const wanted = asked.by === "pathway" ? team === (asked.team ?? "*") && pathway !== "*" : pathway === (asked.pathway ?? "*") && team !== "*";
        if (wanted) names.add(asked.by === "pathway" ? pathway : team);
    }
    return [...names].sort();
}

function patched(asked: Asked, reply: SummaryReply): Positions {
    const loaded = new Map(reply.rows.map((row) => [row.keys[asked.by]!, row.position]));
    const rows: Group[] = [];
    for (const name of groupsOf(asked, reply)) {
        const place = placeOf(asked, name);
        const position = newer(loaded.get(name), reply.as_at, reply.journal_seq, place.pathway, place.team);
        if (position && (position.waiting > 0 || position.scheduled > 0)) rows.push({ keys: { [asked.by]: name }, position });
    }
    const whole = newer(undefined, reply.as_at, reply.journal_seq, asked.pathway, asked.team);
    const changed = live.positionKeys().length > 0;
    return { day: reply.as_at, rows, total: whole ?? (changed ? { ...addUp(rows.map((row) => row.position)) } : reply.total), basis: reply.basis };
}

/**
 * The positions of the day that is looked at. Teams of all pathways together are not published, so by team a pathway is named, or
 * the answer is asked for again as things change.
 */
export function usePositionsBy(view: View, asked: Asked): Answer<Positions> {
    const published = asked.by === "pathway" || asked.pathway !== null;
    const answer = useAnswer(
        "summary",
        { group_by: [asked.by], pathway: asked.pathway, team: asked.team, ...dayOfView(view) },
        view.live && !published ? { pathway: null, team: null } : null,
    );
    usePositions(view.live && published);
    if (answer.status !== "ready") return answer;
    const reply = answer.reply;
    const positions = view.live && published ? patched(asked, reply) : { day: reply.as_at, rows: reply.rows, total: reply.total, basis: reply.basis };
    return { ...answer, reply: positions };
}

/** One pathway's or team's position, live; the whole of what is filtered. */
export function usePosition(view: View, pathway: string | null, team: string | null): Answer<{ day: string; position: Position; basis: Basis }> {
    const topic = !(pathway === null && team !== null);
    const answer = useAnswer("summary", { pathway, team, ...dayOfView(view) }, view.live && !topic ? { pathway: null, team: null } : null);
    usePositions(view.live && topic);
    if (answer.status !== "ready") return answer;
    const { as_at: day, journal_seq: seq, total, basis } = answer.reply;
    const position = view.live && topic ? (newer(total, day, seq, pathway, team) ?? total) : total;
    return { ...answer, reply: { day, position, basis } };
}

type GroupName = "pathway" | "team" | "district";

export interface Earlier {
    basis: Basis;
    total: Position;
    of(key: string): Position | null;
}

function missing(answer: Answer<unknown>): boolean {
    return answer.status === "failed" && (answer.problem.code === "not_found" || answer.problem.code === "bad_request");
}

/** The positions of an earlier day: as reported where there is a report (unless `basis` is known), else as known now. */
export function useEarlier(day: string | null, basis: Basis, by: GroupName | null, pathway: string | null, team: string | null): Earlier | null {
    const question = day === null ? null : { as_at: day, ...(by ? { group_by: [by] } : {}), pathway, team };
    const reported = useAnswer("summary", question && basis === "reported" ? { ...question, basis: "reported" } : null, ONCE);
    const known = useAnswer("summary", question && (basis === "known" || missing(reported)) ? question : null, ONCE);
    const answer = reported.status === "ready" ? reported : known;
    const reply = answer.status === "ready" ? answer.reply : null;
    return useMemo(() => {
        if (!reply) return null;
        const rows = new Map(reply.rows.map((row) => [by ? row.keys[by] : "", row.position]));
        const nobody = addUp([]);
        // A group that is left out of an answer is one in which nobody waited.
        return { basis: reply.basis, total: reply.total, of: (key: string) => rows.get(key) ?? nobody };
    }, [reply]);
}

/** A series as reported where there are reports, else as known; null until it is there. */
export function useSeries(from: string | null, to: string | null, basis: Basis, step: "day" | "week", by: GroupName | null, pathway: string | null, team: string | null): SeriesReply | null {
    const question = from === null || to === null ? null : { from, to, step, ...(by ? { group_by: [by] } : {}), pathway, team };
    const reported = useAnswer("series", question && basis === "reported" ? { ...question, basis: "reported" } : null, ONCE);
    const empty = reported.status === "ready" && reported.reply.totals.length === 0;
    const known = useAnswer("series", question && (basis === "known" || empty || missing(reported)) ? question : null, ONCE);
    const answer = reported.status === "ready" && !empty ? reported : known;
    return answer.status === "ready" ? answer.reply : null;
}
