// Questions as query strings, and failures as words.
import assert from "node:assert/strict";
import { test } from "node:test";
import { apiAddress, Problem, problemOf, queryString } from "../src/api/client";

test("equal questions have equal addresses, and what has no value is left out", () => {
    assert.equal(queryString({ team: "north", pathway: null, group_by: ["pathway", "team"], breach: true }), "?breach=true&group_by=pathway%2Cteam&team=north");
    assert.equal(queryString({ breach: true, group_by: ["pathway", "team"], team: "north", as_at: undefined }), "?breach=true&group_by=pathway%2Cteam&team=north");
    assert.equal(queryString({}), "");
});

test("a filter by several values repeats its name", () => {
    assert.equal(queryString({ priority: ["1", "2"] }), "?priority=1&priority=2");
});

test("the same question can be had as CSV", () => {
    assert.equal(apiAddress("waits", { team: "a b" }, "csv"), "/api/v1/waits.csv?team=a+b");
});

test("a problem's members are read", async () => {
    const body = JSON.stringify({ type: "about:blank", title: "Bad request", status: 400, detail: "as_at is no day", code: "bad_request", pointer: "/as_at" });
    const problem = await problemOf(new Response(body, { status: 400, headers: { "content-type": "application/problem+json" } }));
    assert.equal(problem.code, "bad_request");
    assert.equal(problem.pointer, "/as_at");
    assert.equal(problem.explain().advice, "As_at is no day.");
    assert.equal(problem.mayPass, false);
    assert.equal(new Problem(404, "not_found", "nothing was reported for 2022-01-01").explain().advice, "Nothing was reported for 1 January 2022.");
});

test("an answer of somebody in between is understood by its status", async () => {
    const of = async (status: number) => (await problemOf(new Response("<h1>Bad gateway</h1>", { status, headers: { "content-type": "text/html" } }))).code;
    assert.deepEqual(await Promise.all([502, 503, 504, 429, 404, 403, 500, 418].map(of)), ["daemon_away", "daemon_away", "no_answer", "busy", "not_found", "forbidden", "internal", "bad_request"]);
});

test("broken JSON in a problem does not hide its status", async () => {
    const problem = await problemOf(new Response("{", { status: 503, headers: { "content-type": "application/problem+json" } }));
    assert.equal(problem.code, "daemon_away");
});

test("every code has words", () => {
    for (const code of ["unreachable", "no_answer", "busy", "daemon_away", "bad_answer", "internal", "not_found", "forbidden", "bad_request", "unknown_op", "read_only"]) {
        const { heading, advice } = new Problem(500, code, "detail").explain();
        assert.ok(heading.length > 5 && /[.]$/.test(advice), code);
    }
});
