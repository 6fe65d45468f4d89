// Who may see what on the pages, and how it is said.
import assert from "node:assert/strict";
import { test } from "node:test";
import { actsOf, listWords, mayOf, ownTeamsOf, roleWords, type Me, type Role } from "../src/me";

function person(roles: Role[], teams: string[] = []): Me {
    return { user: "jo", roles, teams, until: null, sign_in: "tokens" };
}
const team = (name: string) => name.toUpperCase();

test("each role may see what those before it may", () => {
    const all: Role[] = ["viewer", "manager", "analyst", "admin"];
    for (const [has, role] of all.entries()) for (const [needs, least] of all.entries()) assert.equal(mayOf(person([role]), least), has >= needs, `${role} ${least}`);
    assert.equal(mayOf(person([]), "viewer"), false);
    assert.equal(mayOf(person(["viewer", "analyst"]), "analyst"), true);
});

test("an analyst changes nothing", () => {
    assert.deepEqual((["viewer", "manager", "analyst", "admin"] as const).map((role) => actsOf(person([role]))), [false, true, false, true]);
    assert.equal(actsOf(person(["analyst", "manager"], ["north"])), true);
});

test("whose people somebody sees", () => {
    assert.deepEqual(ownTeamsOf(person(["manager"], ["north", "south"])), ["north", "south"]);
    assert.equal(ownTeamsOf(person(["manager"], ["*"])), null);
    assert.equal(ownTeamsOf(person(["manager", "analyst"], ["north"])), null);
    assert.deepEqual(ownTeamsOf(person(["manager"])), []);
});

test("roles in words", () => {
    assert.equal(roleWords(person(["viewer"]), team), "Viewer, counts only");
    assert.equal(roleWords(person(["manager"], ["a", "b"]), team), "Manager of A and B");
    assert.equal(roleWords(person(["manager"], ["a", "b", "c", "d"]), team), "Manager of 4 teams");
    assert.equal(roleWords(person(["manager"], ["*"]), team), "Manager of all teams");
    assert.equal(roleWords(person(["manager", "analyst"], ["a"]), team), "Manager of A, Analyst");
    assert.equal(roleWords(person(["analyst", "admin"]), team), "Administrator");
    assert.equal(listWords(["a", "b", "c"]), "a, b and c");
});
