// What a page reads of its address.
import assert from "node:assert/strict";
import { test } from "node:test";

// The module reads the browser's address when it is loaded.
Object.assign(globalThis, { location: { pathname: "/queue", search: "?pathway=dols&team=north&as_at=2025-07-31&basis=reported&order=-waiting", hash: "" } });
const { dayOfView, here, link, orAll, viewOf } = await import("../src/address");

function view(text: string) {
    return viewOf(new URLSearchParams(text));
}

test("an empty address is everything, now", () => {
    assert.deepEqual(view(""), { pathway: null, team: null, asAt: null, basis: "known", live: true });
});

test("all is no team of that name", () => {
    assert.equal(view("team=all").team, null);
    assert.equal(orAll(""), "all");
    assert.equal(orAll("north"), "north");
});

test("a past day is not live, and is as known unless it says as reported", () => {
    assert.deepEqual(dayOfView(view("as_at=2025-07-31")), { as_at: "2025-07-31" });
    assert.deepEqual(dayOfView(view("as_at=2025-07-31&basis=reported")), { as_at: "2025-07-31", basis: "reported" });
    assert.equal(view("as_at=2025-07-31").live, false);
});

test("what is no day is passed over, and a basis without a day means nothing", () => {
    assert.deepEqual(dayOfView(view("as_at=2025-02-31&basis=reported")), {});
});

test("links to other pages keep place and day and nothing else", () => {
    assert.equal(link("/people", { breach: true }), "/people?pathway=dols&team=north&as_at=2025-07-31&basis=reported&breach=true");
    assert.equal(link("/", { pathway: null, team: null, as_at: null, basis: null }), "/");
});

test("changes of the present page keep the rest", () => {
    assert.equal(here({ as_at: null, basis: null }), "/queue?pathway=dols&team=north&order=-waiting");
    assert.equal(here({ priority: ["1", "2"], team: null, pathway: null, as_at: null, basis: null, order: null }), "/queue?priority=1&priority=2");
});
