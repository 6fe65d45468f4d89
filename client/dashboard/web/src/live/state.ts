// Whether what the page shows is live: a pure state that is told what happened and when, so that it can be tested without a clock.
import type { Heartbeat } from "../api/types";

/** The daemon sends a heartbeat each second; after this long without one nothing on the page may be called live. */
export const SILENCE_MS = 4000;

export interface LiveState {
    /** "returning": it is heard again, and what was loaded before is not loaded again yet. */
    condition: "connecting" | "live" | "lost" | "returning";
    /** When something was last heard of the daemon, or when listening began. */
    heardAt: number;
    /** Who does not answer, once it is lost. */
    why: "connection" | "daemon" | null;
    /** When the next attempt to connect is made; null while one is under way. */
    retryAt: number | null;
    heartbeat: Heartbeat | null;
    /** Rises whenever figures that were loaded before must be loaded again. */
    generation: number;
}

export type LiveInput =
    | { kind: "tick" }
    | { kind: "heartbeat"; heartbeat: Heartbeat }
    | { kind: "reset" }
    | { kind: "waiting"; retryAt: number }
    | { kind: "trying" }
    | { kind: "settled" };

export function begin(now: number): LiveState {
    return { condition: "connecting", heardAt: now, why: null, retryAt: null, heartbeat: null, generation: 0 };
}

/**
 * The state after `input` at `now`. The age of what was heard last is looked at first, whatever comes: a computer that wakes may
 * deliver a heartbeat of before its sleep ahead of any timer, and must not pass over the time between.
 */
export function step(before: LiveState, input: LiveInput, now: number): LiveState {
    const state = now - before.heardAt > SILENCE_MS && before.condition !== "lost" ? { ...before, condition: "lost" as const, why: "connection" as const } : before;
    switch (input.kind) {
        case "tick":
            return state;
        case "waiting":
            return { ...state, retryAt: input.retryAt };
        case "trying":
            return state.retryAt === null ? state : { ...state, retryAt: null };
        case "reset":
            return { ...state, generation: state.generation + 1 };
        case "settled":
            return state.condition === "returning" ? { ...state, condition: "live" } : state;
        case "heartbeat":
            return heard(state, input.heartbeat, now);
    }
}

function heard(state: LiveState, heartbeat: Heartbeat, now: number): LiveState {
    if (heartbeat.daemon === "away") return { ...state, condition: "lost", why: "daemon", retryAt: null };
    const last = state.heartbeat;
    const again =
        state.condition === "lost" ||
        // Another journal, a daemon that was started anew, a new day: other figures than those on the page.
        (last !== null && (last.epoch !== heartbeat.epoch || last.pub > heartbeat.pub || last.today !== heartbeat.today));
    const returning = state.condition === "lost" || state.condition === "returning";
    return { condition: returning ? "returning" : "live", heardAt: now, why: null, retryAt: null, heartbeat, generation: state.generation + (again ? 1 : 0) };
}
