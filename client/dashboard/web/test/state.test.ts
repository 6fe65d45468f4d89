// When the page may call itself live: silence, a sleeping computer, another journal, a new day.
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Heartbeat } from "../src/api/types";
import { pause } from "../src/live/connection";
import { begin, SILENCE_MS, step, type LiveState } from "../src/live/state";

function heartbeat(changes: Partial<Heartbeat> = {}): Heartbeat {
    return {
        epoch: "e", journal_seq: 10, alert_seq: 2, pub: 100, now: "2025-07-31T09:00:00.000Z", today: "2025-07-31", version: "0.1.0", daemon: "live",
        ...changes,
    };
}

function liveAt(now: number): LiveState {
    return step(begin(now), { kind: "heartbeat", heartbeat: heartbeat() }, now);
}

test("the first heartbeat makes it live without loading anything again", () => {
    const state = liveAt(1000);
    assert.equal(state.condition, "live");
    assert.equal(state.generation, 0);
});

test("it is lost once nothing was heard for longer than the silence allowed, and says since when", () => {
    const state = liveAt(1000);
    assert.equal(step(state, { kind: "tick" }, 1000 + SILENCE_MS).condition, "live");
    const lost = step(state, { kind: "tick" }, 1001 + SILENCE_MS);
    assert.equal(lost.condition, "lost");
    assert.equal(lost.heardAt, 1000);
    assert.equal(lost.why, "connection");
});

test("a page that never heard anything is not live either", () => {
    assert.equal(step(begin(0), { kind: "tick" }, SILENCE_MS + 1).condition, "lost");
});

test("the return from a loss loads everything again, once", () => {
    const lost = step(liveAt(0), { kind: "tick" }, 60_000);
    const back = step(lost, { kind: "heartbeat", heartbeat: heartbeat({ pub: 160 }) }, 60_500);
    assert.equal(back.condition, "returning");
    assert.equal(back.generation, 1);
    assert.equal(step(back, { kind: "settled" }, 60_700).condition, "live");
    assert.equal(step(back, { kind: "heartbeat", heartbeat: heartbeat({ pub: 161 }) }, 61_500).generation, 1);
});

test("until all is loaded again it is not live, however many heartbeats come", () => {
    const lost = step(liveAt(0), { kind: "tick" }, 60_000);
    const back = step(step(lost, { kind: "heartbeat", heartbeat: heartbeat() }, 60_500), { kind: "heartbeat", heartbeat: heartbeat() }, 61_500);
    assert.equal(back.condition, "returning");
    assert.equal(step(back, { kind: "tick" }, 61_501 + SILENCE_MS).condition, "lost");
    assert.equal(step(liveAt(0), { kind: "settled" }, 1).condition, "live");
});

test("a heartbeat that comes first after a sleep does not pass over the time between", () => {
    const back = step(liveAt(0), { kind: "heartbeat", heartbeat: heartbeat({ pub: 101 }) }, 3_600_000);
    assert.equal(back.generation, 1);
});

test("a daemon that is away is said at once, and since when it was heard", () => {
    const state = step(liveAt(1000), { kind: "heartbeat", heartbeat: heartbeat({ daemon: "away" }) }, 2000);
    assert.equal(state.condition, "lost");
    assert.equal(state.why, "daemon");
    assert.equal(state.heardAt, 1000);
});

test("another journal, a daemon started anew and a new day load everything again", () => {
    for (const changes of [{ epoch: "f" }, { pub: 3 }, { today: "2025-08-01" }]) {
        assert.equal(step(liveAt(0), { kind: "heartbeat", heartbeat: heartbeat({ pub: 101, ...changes }) }, 1000).generation, 1, JSON.stringify(changes));
    }
});

test("a reset of the stream loads everything again", () => {
    assert.equal(step(liveAt(0), { kind: "reset" }, 1).generation, 1);
});

test("the next attempt is told and forgotten when it is made", () => {
    const waiting = step(liveAt(0), { kind: "waiting", retryAt: 5000 }, 100);
    assert.equal(waiting.retryAt, 5000);
    assert.equal(step(waiting, { kind: "trying" }, 5000).retryAt, null);
});

test("pauses grow to a limit and are spread", () => {
    assert.equal(pause(0, 0.5), 1000);
    assert.equal(pause(1, 0.5), 2000);
    assert.equal(pause(50, 0.5), 5000);
    assert.ok(pause(3, 0) < pause(3, 1));
});
