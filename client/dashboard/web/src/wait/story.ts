// What the events of one wait come to, for its page: pauses, how late each was recorded, what was taken back, its alerts.
import type { Transition, WaitEvent } from "../api/types";
import { dayOf, daysBetween } from "../text/format";

export interface Pause {
    from: string;
    /** Null while it goes on. */
    to: string | null;
    reason: string | null;
}

const ENDS = new Set(["asc.assessment.completed", "asc.review.completed", "asc.service.started", "asc.wait.closed"]);

/** The pauses that count, from the events that took effect; an end closes the pause that is open. */
export function pausesOf(events: readonly WaitEvent[], timeZone: string): Pause[] {
    const pauses: Pause[] = [];
    for (const event of events) {
        if (event.effect !== "applied") continue;
        const day = dayOf(event.time, timeZone);
        const last = pauses[pauses.length - 1];
        if (event.type === "asc.wait.paused") {
            pauses.push({ from: day, to: null, reason: typeof event.data.reason === "string" ? event.data.reason : null });
        } else if (last && last.to === null && (event.type === "asc.wait.resumed" || ENDS.has(event.type))) {
            last.to = day;
        }
    }
    return pauses;
}

/** Days from the day on which an event takes effect to the day on which it was received; 0 at least. */
export function lateDays(event: Pick<WaitEvent, "type" | "time" | "received" | "data">, timeZone: string): number {
    let day = dayOf(event.time, timeZone);
    const start = event.type === "asc.referral.received" ? event.data.clock_start : null;
    if (typeof start === "string" && start < day) day = start;
    return event.type === "asc.event.retracted" ? 0 : Math.max(0, daysBetween(day, dayOf(event.received, timeZone)));
}

/** The retraction that takes an event back, where it is among the same events. */
export function retractionOf(event: WaitEvent, events: readonly WaitEvent[]): WaitEvent | null {
    return (
        events.find(
            (each) => each.type === "asc.event.retracted" && each.data.id === event.id && (typeof each.data.source === "string" ? each.data.source : each.source) === event.source,
        ) ?? null
    );
}

export interface AlertStory {
    id: string;
    raised: Transition;
    /** Its newest transition. */
    last: Transition;
    acknowledged: Transition | null;
    open: boolean;
}

/** The alerts of a wait from their transitions in the order of the log: the open ones first, then the newest. */
export function alertsOf(transitions: readonly Transition[]): AlertStory[] {
    const stories = new Map<string, AlertStory>();
    for (const transition of transitions) {
        const story = stories.get(transition.alert_id);
        if (!story) {
            stories.set(transition.alert_id, { id: transition.alert_id, raised: transition, last: transition, acknowledged: null, open: transition.transition !== "resolved" });
            continue;
        }
        story.last = transition;
        story.open = transition.transition !== "resolved";
        if (transition.transition === "acknowledged") story.acknowledged = transition;
    }
    return [...stories.values()].sort((a, b) => Number(b.open) - Number(a.open) || b.raised.seq - a.raised.seq);
}
