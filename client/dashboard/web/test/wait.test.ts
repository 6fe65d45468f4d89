// A wait's page: events and exceptions in words, pauses, late records, what was taken back, alerts as stories.
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Transition, WaitEvent } from "../src/api/types";
import { EXCEPTION_CODES, eventWords, exceptionWords, refusalWords, typeWords, WARNING_CODES } from "../src/text/events";
import { longDay } from "../src/text/format";
import { alertWords, endWords, newWords, SEVERITIES, severityWords } from "../src/text/alerts";
import { alertsOf, lateDays, pausesOf, retractionOf } from "../src/wait/story";

const LONDON = "Europe/London";
const NAMES = { pathway: (name: string) => `<${name}>`, team: (name: string) => `[${name}]`, district: (name: string) => `{${name}}` };

let seq = 0;
function event(type: string, time: string, data: Record<string, unknown> = {}, members: Partial<WaitEvent> = {}): WaitEvent {
    seq += 1;
    return { seq, source: "urn:las", id: `e-${seq}`, type, time, received: time, effect: "applied", exception: null, data, ...members };
}

function transition(members: Partial<Transition>): Transition {
    return {
        seq: 1, alert_id: "a1", transition: "raised", rule: "breach", level: null, subject: "w-1", pathway: "dols", team: "north", from_team: null, severity: "warning",
        days: 29, standard: 28, occurred_on: "2025-04-30", at: "2025-04-30T00:00:00.000Z", reason: null, by: null, note: null, expected_by: null, late: false, ...members,
    };
}

const TYPES = [
    "asc.referral.received", "asc.referral.triaged", "asc.wait.transferred", "asc.wait.unallocated", "asc.wait.allocated", "asc.wait.paused", "asc.wait.resumed",
    "asc.contact.made", "asc.assessment.started", "asc.assessment.completed", "asc.review.completed", "asc.service.started", "asc.wait.closed", "asc.wait.reopened",
    "asc.event.retracted",
];

test("every type of event has a title of its own that no code looks through", () => {
    const titles = TYPES.map((type) => eventWords({ type, data: { team: "north", pathway: "dols", worker: "w-1", reason: "died", id: "e-9" } }, NAMES, longDay).title);
    assert.equal(new Set(titles).size, TYPES.length);
    for (const title of [...titles, ...TYPES.map(typeWords)]) assert.ok(!/asc\.|undefined|null/.test(title), title);
});

test("a referral says where, since when and with what", () => {
    const data = { pathway: "dols", team: "north", clock_start: "2025-04-01", priority: 2, impact: 4, likelihood: 3, client_group: "older_people", dimensions: { deprivation: "1" } };
    assert.deepEqual(eventWords({ type: "asc.referral.received", data }, NAMES, longDay), {
        title: "Referred for <dols>, to [north]",
        details: ["The clock starts on 1 April 2025, as the referral says.", "Priority 2, impact 4, likelihood 3, client group: older people, deprivation: 1."],
    });
});

test("what follows from an event is kept apart from what it says", () => {
    const moved = eventWords({ type: "asc.wait.transferred", data: { team: "east", district: "wyre" } }, NAMES, longDay);
    assert.deepEqual(moved.details, ["District: {wyre}."]);
    assert.match(moved.effect ?? "", /clock goes on/);
});

test("every exception, warning and refusal of the rules has words", () => {
    for (const code of [...EXCEPTION_CODES, ...WARNING_CODES]) {
        const words = exceptionWords(code);
        assert.ok(words.why.endsWith(".") && !words.why.includes("_"), code);
        assert.ok(!words.label.includes("_"), code);
    }
    for (const code of ["too_large", "not_json", "bad_envelope", "id_conflict", "unknown_type", "personal_data", "bad_data", "unknown_pathway", "time_in_future", "time_too_old"]) {
        assert.ok(refusalWords(code).advice.length > 20, code);
    }
    assert.equal(exceptionWords("something_new").label, "Something new");
});

test("pauses are those that took effect, and an end closes the open one", () => {
    const events = [
        event("asc.wait.paused", "2025-04-10T08:00:00Z", { reason: "in_hospital" }),
        event("asc.wait.paused", "2025-04-11T08:00:00Z", {}, { effect: null, exception: "already_paused" }),
        event("asc.wait.resumed", "2025-04-20T23:30:00Z"),
        event("asc.wait.paused", "2025-05-01T08:00:00Z"),
        event("asc.wait.closed", "2025-05-03T08:00:00Z", { reason: "died" }),
    ];
    assert.deepEqual(pausesOf(events, LONDON), [
        { from: "2025-04-10", to: "2025-04-21", reason: "in_hospital" },
        { from: "2025-05-01", to: "2025-05-03", reason: null },
    ]);
    assert.equal(pausesOf(events.slice(0, 1), LONDON)[0]!.to, null);
});

test("late is counted in days of the council, from the day on which a record takes effect", () => {
    const late = (type: string, time: string, received: string, data = {}) => lateDays({ type, time, received, data }, LONDON);
    assert.equal(late("asc.contact.made", "2025-04-01T08:00:00Z", "2025-04-01T22:30:00Z"), 0);
    assert.equal(late("asc.contact.made", "2025-04-01T08:00:00Z", "2025-04-01T23:30:00Z"), 1);
    assert.equal(late("asc.referral.received", "2025-04-10T08:00:00Z", "2025-04-10T09:00:00Z", { clock_start: "2025-04-01" }), 9);
    assert.equal(late("asc.referral.received", "2025-04-10T08:00:00Z", "2025-04-10T09:00:00Z", { clock_start: "2025-06-01" }), 0);
    assert.equal(late("asc.event.retracted", "2025-04-10T08:00:00Z", "2025-05-10T09:00:00Z"), 0);
});

test("a record finds what took it back, by number and source", () => {
    const target = event("asc.contact.made", "2025-04-01T08:00:00Z", {}, { id: "x", effect: "retracted" });
    const other = event("asc.event.retracted", "2025-04-02T08:00:00Z", { id: "x", source: "urn:else" });
    const own = event("asc.event.retracted", "2025-04-02T08:00:00Z", { id: "x" });
    assert.equal(retractionOf(target, [target, other]), null);
    assert.equal(retractionOf(target, [target, other, own]), own);
});

test("the transitions of an alert are one story; those that are open come first", () => {
    const stories = alertsOf([
        transition({ seq: 1, alert_id: "a1" }),
        transition({ seq: 2, alert_id: "a2", rule: "escalation", level: 42 }),
        transition({ seq: 3, alert_id: "a1", transition: "acknowledged", by: "jo", note: "visit booked" }),
        transition({ seq: 4, alert_id: "a2", transition: "resolved", reason: "completed" }),
    ]);
    assert.deepEqual(stories.map((story) => [story.id, story.open, story.acknowledged?.by ?? null, story.last.seq]), [["a1", true, "jo", 3], ["a2", false, null, 4]]);
});

test("alerts are said in words, without anybody's reference", () => {
    assert.equal(alertWords(transition({ rule: "escalation", level: 84 })), "Waiting more than 84 days");
    assert.equal(alertWords(transition({ rule: "approaching", level: 1 })), "Over standard tomorrow");
    assert.equal(alertWords(transition({})), "Over the standard of 28 days");
    assert.equal(alertWords(transition({ rule: "feed_silent", subject: null })), "Nothing from a source");
    assert.equal(newWords([transition({}), transition({}), transition({ rule: "escalation" })]), "3 new alerts: over standard (2), very long wait (1)");
    for (const reason of ["corrected", "completed", "closed", "breached", "paused", "standard_changed", "cleared"]) assert.ok(!endWords(reason).includes("_"), reason);
    assert.deepEqual(SEVERITIES.map(severityWords), ["Critical", "High", "Warning", "Information"]);
});
