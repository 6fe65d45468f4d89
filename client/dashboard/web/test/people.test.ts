// The list of people: its filter in the address, its views, what changed between two answers, and waits in words.
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Wait } from "../src/api/types";
import { makeNames } from "../src/names";
import { changesWords, compareLists, isNothing } from "../src/people/changes";
import { clearedFilter, filterFields, filterOfForm, filterQuestion, filterTags, sizeOf, sortOf } from "../src/people/filter";
import { currentView, QUICK_VIEWS, viewChanges } from "../src/people/views";
import { riskOf, standing, standingWords } from "../src/text/waits";

const NAMES = makeNames({
    council: { name: "A council", timezone: "Europe/London", epoch: "1990-01-01" },
    pathways: [], teams: [], districts: ["ribble_valley"], client_groups: ["older_people"], dimensions: [{ name: "deprivation", values: ["1", "2"] }],
    bands: [], sources: [], contact: { interval_days: 28, by_priority: {} },
});
const FIELDS = filterFields(NAMES);

function wait(members: Partial<Wait> = {}): Wait {
    return {
        subject: "w-1", pathway: "ot_assessment", team: "north", district: null, client_group: null, priority: 2, impact: 3, likelihood: 4, dimensions: {},
        person: "p-1", worker: null, stage: "unallocated", status: "waiting", start: "2025-04-01", stop: null, reason: null, outcome: null, days: 20,
        gross_days: 20, paused_days: 0, is_paused: false, standard: 28, days_to_breach: 9, breach: false, due: false, breach_on: "2025-04-30",
        last_contact: null, no_contact: false, exceptions: 0, last_event_at: "2025-04-01T08:00:00.000Z", ...members,
    };
}

test("a list without a status is of those who wait, and every other filter of the address is asked for", () => {
    assert.deepEqual(filterQuestion(new URLSearchParams("pathway=a&sort=-days&cursor=x&foo=1")), { status: "waiting" });
    assert.deepEqual(filterQuestion(new URLSearchParams("status=ended&priority=1&priority=2&priority=1&dimension.deprivation=1&min_days=&breach=true")), {
        status: "ended", priority: ["1", "2"], "dimension.deprivation": "1", breach: "true",
    });
});

test("each value has a tag that says what it is of and takes only itself away", () => {
    const tags = filterTags(new URLSearchParams("min_days=10&priority=1&priority=unknown&district=ribble_valley&breach=true&team=north"), FIELDS);
    assert.deepEqual(tags.map((tag) => tag.label), ["Priority 1", "Priority: not recorded", "Ribble Valley", "Over standard", "At least 10 days"]);
    assert.deepEqual(tags[0]!.changes, { cursor: null, from: null, known_at: null, priority: ["unknown"] });
    assert.deepEqual(filterTags(new URLSearchParams("dimension.deprivation=2"), FIELDS).map((tag) => tag.label), ["Deprivation 2"]);
});

test("clearing takes the filter away and nothing else", () => {
    assert.deepEqual(clearedFilter(new URLSearchParams("team=north&sort=risk&priority=1&dimension.x=2&cursor=c")), {
        cursor: null, from: null, known_at: null, priority: null, "dimension.x": null,
    });
});

test("a form becomes an address, and days that are no days are told", () => {
    const form = new FormData();
    form.append("priority", "1");
    form.append("priority", "2");
    form.append("min_days", " 28 ");
    form.append("worker", "");
    const { changes, errors } = filterOfForm(form, FIELDS);
    assert.deepEqual(errors, []);
    assert.deepEqual(changes.priority, ["1", "2"]);
    assert.deepEqual(changes.min_days, ["28"]);
    assert.equal(changes.worker, null);
    for (const text of ["-1", "2.5", "many", "1000001"]) {
        form.set("min_days", text);
        assert.deepEqual(filterOfForm(form, FIELDS).errors.map((error) => error.name), ["min_days"], text);
    }
    form.set("min_days", "28");
    form.set("max_days", "27");
    assert.deepEqual(filterOfForm(form, FIELDS).errors.map((error) => error.name), ["max_days"]);
});

test("a view is recognised by its address, whatever else is filtered", () => {
    for (const view of QUICK_VIEWS) assert.equal(currentView(new URLSearchParams({ ...view.members, priority: "1" })), view, view.name);
    assert.equal(currentView(new URLSearchParams("breach=true&due=true")), null);
    assert.equal(currentView(new URLSearchParams("breach=false")), null);
    const changes = viewChanges(QUICK_VIEWS.find((view) => view.name === "due")!);
    assert.equal(changes.due, "true");
    assert.equal(changes.breach, null);
    assert.ok(!("priority" in changes));
});

test("what changed in a list is counted and said", () => {
    const before = { rows: [wait({ subject: "a" }), wait({ subject: "b" }), wait({ subject: "c" })], count: 3 };
    const after = { rows: [wait({ subject: "b", priority: 1 }), wait({ subject: "c" }), wait({ subject: "d" }), wait({ subject: "e" })], count: 4 };
    const changes = compareLists(before, after);
    assert.deepEqual([[...changes.joined], [...changes.changed], changes.left, changes.grown], [["d", "e"], ["b"], 1, 1]);
    assert.equal(changesWords(changes, 4), "2 are new, 1 has gone, 1 has changed; now 4 people on the list");
    assert.equal(isNothing(compareLists(before, { ...before, rows: [...before.rows] })), true);
});

test("a day that passes is no news, but what it brings is", () => {
    const before = { rows: [wait({ subject: "a" }), wait({ subject: "b", days: 28, days_to_breach: 1, due: true })], count: 2 };
    const after = { rows: [wait({ subject: "a", days: 21, gross_days: 21, days_to_breach: 8 }), wait({ subject: "b", days: 29, days_to_breach: 0, breach: true })], count: 2 };
    assert.deepEqual([...compareLists(before, after).changed], ["b"]);
});

test("where somebody stands is said by the days that count", () => {
    assert.equal(standingWords(wait()), "9");
    assert.equal(standingWords(wait({ days: 30, breach: true, days_to_breach: -1 })), "2 over");
    assert.equal(standingWords(wait({ days_to_breach: null })), "–");
    assert.equal(riskOf(wait()), 12);
    assert.equal(riskOf(wait({ impact: null })), null);
    assert.match(standing(wait({ days: 29, breach: true })), /^Waiting for 29 days, 1 over the standard of 28 days, since 30 April 2025\.$/);
    assert.match(standing(wait({ status: "scheduled" })), /^Planned\. The clock starts on 1 April 2025/);
    assert.match(standing(wait({ status: "ended", stage: "closed", reason: "moved_away", stop: "2025-04-20", days: 19 })), /the person moved away\) on 20 April 2025 after 19 days, within/);
    assert.match(standing(wait({ status: "excluded", reason: "duplicate" })), /Left out of every count/);
    assert.match(standing(wait({ days: 6, standard: 5, breach: true }), "working days"), /6 working days, 1 over the standard of 5 working days/);
});

test("an order or a size that there is not is passed over", () => {
    const of = (query: string) => [sortOf(new URLSearchParams(query)), sizeOf(new URLSearchParams(query))];
    assert.deepEqual(of(""), ["-days", "100"]);
    assert.deepEqual(of("sort=risk&rows=500"), ["risk", "500"]);
    assert.deepEqual(of("sort=-last_contact&rows=1001"), ["-last_contact", "100"]);
    assert.deepEqual(of("sort=days%3B--&rows=-1"), ["-days", "100"]);
});
