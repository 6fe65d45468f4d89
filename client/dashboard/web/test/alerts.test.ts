// Alerts: the set that transitions change, its order and filter, what a form may say, and that no notification names anybody.
import assert from "node:assert/strict";
import { test } from "node:test";
import { acknowledgementOf } from "../src/alerts/acknowledgement";
import { notificationText, worthTelling } from "../src/alerts/notify";
import { applied, grouped, isChosen, raisedSeq, type OpenAlerts } from "../src/alerts/open";
import type { Transition } from "../src/api/types";

const EVERYWHERE = { pathway: null, team: null };

function transition(members: Partial<Transition>): Transition {
    return {
        seq: 1, alert_id: "a1", transition: "raised", rule: "breach", level: null, subject: "w-1", pathway: "dols", team: "north", from_team: null, severity: "warning",
        days: 29, standard: 28, occurred_on: "2025-04-30", at: "2025-04-30T00:00:00.000Z", reason: null, by: null, note: null, expected_by: null, late: false, ...members,
    };
}

function after(...transitions: Transition[]): OpenAlerts {
    return applied(new Map(), transitions, EVERYWHERE);
}

test("an alert is open from when it is raised until it is resolved", () => {
    const raised = transition({});
    assert.equal(after(raised).get("a1")!.acknowledged_at, null);
    assert.equal(after(raised, transition({ seq: 2, transition: "resolved", reason: "completed" })).size, 0);
});

test("an acknowledgement is kept with its day, and a day that passes raises the severity", () => {
    const acknowledged = transition({ seq: 2, transition: "acknowledged", by: "jo", note: "visit", expected_by: "2025-05-10", at: "2025-05-01T08:00:00.000Z" });
    const one = after(transition({}), acknowledged).get("a1")!;
    assert.deepEqual([one.seq, one.by, one.note, one.expected_by, one.acknowledged_at, one.overdue], [1, "jo", "visit", "2025-05-10", "2025-05-01T08:00:00.000Z", false]);
    const late = after(transition({}), acknowledged, transition({ seq: 3, transition: "overdue", severity: "high" })).get("a1")!;
    assert.deepEqual([late.severity, late.overdue, late.by], ["high", true, "jo"]);
    const again = after(transition({}), acknowledged, transition({ seq: 3, transition: "overdue", severity: "high" }), { ...acknowledged, seq: 4, severity: "high", by: "sam" }).get("a1")!;
    assert.deepEqual([again.severity, again.overdue, again.by], ["high", false, "sam"]);
});

test("who moves to another team leaves one list and joins the other", () => {
    const moved = transition({ seq: 2, transition: "moved", team: "south", from_team: "north" });
    const north = applied(applied(new Map(), [transition({})], { pathway: null, team: "north" }), [moved], { pathway: null, team: "north" });
    assert.equal(north.size, 0);
    assert.equal(applied(new Map(), [moved], { pathway: null, team: "south" }).get("a1")!.team, "south");
});

test("a set that was given is not changed", () => {
    const before = after(transition({}));
    applied(before, [transition({ seq: 2, transition: "resolved" })], EVERYWHERE);
    assert.equal(before.size, 1);
});

test("there is one entry for each wait, the most severe first, then the highest level, then the oldest", () => {
    const groups = grouped([
        transition({ seq: 1, alert_id: "a1", subject: "w-1" }),
        transition({ seq: 2, alert_id: "a2", subject: "w-2", rule: "escalation", level: 42, severity: "critical", occurred_on: "2025-05-20" }),
        transition({ seq: 3, alert_id: "a3", subject: "w-1", rule: "escalation", level: 84, severity: "critical", occurred_on: "2025-07-01" }),
        transition({ seq: 4, alert_id: "a4", subject: "w-3", rule: "escalation", level: 42, severity: "critical", occurred_on: "2025-05-01" }),
        transition({ seq: 5, alert_id: "a5", subject: null, rule: "feed_silent", severity: "high" }),
        transition({ seq: 6, alert_id: "a6", subject: "w-4", rule: "approaching", level: 7, severity: "info" }),
        transition({ seq: 7, alert_id: "a7", subject: "w-5", rule: "approaching", level: 1, severity: "info" }),
    ]);
    assert.deepEqual(groups.map((group) => group.top.alert_id), ["a3", "a4", "a2", "a5", "a7", "a6"]);
    assert.deepEqual(groups[0]!.others.map((alert) => alert.alert_id), ["a1"]);
});

test("alerts are chosen by kind and by whether somebody deals with them", () => {
    const open = transition({});
    const dealt = transition({ acknowledged_at: "2025-05-01T08:00:00.000Z", overdue: true });
    const choose = (alert: Transition, ack: string | null, rule: string | null = null) => isChosen(alert, { rule, ack });
    assert.deepEqual([choose(open, "no"), choose(open, "yes"), choose(open, "overdue"), choose(open, null)], [true, false, false, true]);
    assert.deepEqual([choose(dealt, "no"), choose(dealt, "yes"), choose(dealt, "overdue")], [false, true, true]);
    assert.deepEqual([choose(open, null, "breach"), choose(open, null, "approaching")], [true, false]);
});

test("the name of an alert says the seq that raised it, and nothing else is one", () => {
    assert.equal(raisedSeq("a104"), 104);
    for (const name of ["104", "a0", "a-1", "a1x", "b1", "a12345678901"]) assert.equal(raisedSeq(name), null, name);
});

test("a form is checked before it is sent", () => {
    const fill = (members: Partial<{ by: string; note: string; day: string }>) => acknowledgementOf({ by: "Duty desk", note: "", day: "", ...members }, "2025-07-31");
    assert.deepEqual(fill({ note: " Visit\n booked ", day: "7/8/2025" }), { value: { by: "Duty desk", note: "Visit booked", expected_by: "2025-08-07" }, errors: [] });
    const wrong = (members: Parameters<typeof fill>[0]) => fill(members).errors.map((error) => error.id);
    assert.deepEqual(wrong({ by: "  " }), ["by"]);
    assert.deepEqual(wrong({ by: "jo@example.org" }), ["by"]);
    assert.deepEqual(wrong({ note: "x".repeat(501) }), ["note"]);
    assert.deepEqual(wrong({ note: "é".repeat(251) }), ["note"]);
    assert.deepEqual(wrong({ day: "30/7/2025" }), ["expected-by"]);
    assert.deepEqual(wrong({ day: "2/8/2026" }), ["expected-by"]);
    assert.deepEqual(wrong({ day: "soon" }), ["expected-by"]);
    assert.deepEqual(wrong({ by: "", day: "soon" }), ["by", "expected-by"]);
});

test("a notification says what and where, and nobody's reference", () => {
    const raised = [transition({ subject: "w-secret" }), transition({ subject: "w-secret-2", team: "south", rule: "escalation", level: 42 })];
    const text = notificationText(raised, (team) => team.toUpperCase());
    assert.deepEqual(text, { title: "2 new alerts", body: "over standard (1), very long wait (1). NORTH, SOUTH" });
    assert.ok(!JSON.stringify(text).includes("secret"));
    assert.equal(notificationText(Array.from({ length: 4 }, (_, index) => transition({ team: `t${index}` })), (team) => team).body, "over standard (4). 4 teams");
    assert.deepEqual(worthTelling([transition({ late: true }), transition({})]).length, 1);
});
