// Definitions: each has one place, every place that a page leads to is there, and nothing speaks of a law that there is not.
import assert from "node:assert/strict";
import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { DEFINITION_GROUPS, NEVER } from "../src/text/definitions";
import { filledWords, pointerWords, readable } from "../src/text/quality";

// The runner starts the tests in the folder of the pages.
const PLACES = DEFINITION_GROUPS.flatMap((group) => group.definitions.map((definition) => definition.id));

function sources(folder: string): string[] {
    return readdirSync(folder).flatMap((name) => {
        const path = join(folder, name);
        return statSync(path).isDirectory() ? sources(path) : /\.tsx?$/.test(name) ? [readFileSync(path, "utf8")] : [];
    });
}

test("every place is there once", () => {
    assert.equal(new Set(PLACES).size, PLACES.length);
});

test("every definition that a page leads to exists", () => {
    const named = sources(join(process.cwd(), "src")).flatMap((text) => [...text.matchAll(/(?:definition=|definition: |DefinitionLink of=)"([a-z0-9_]+)"/g)].map((found) => found[1]!));
    assert.ok(named.length > 20);
    for (const place of new Set(named)) assert.ok(PLACES.includes(place), place);
});

test("no text claims a limit of law", () => {
    const all = JSON.stringify([DEFINITION_GROUPS, NEVER]);
    assert.doesNotMatch(all, /statutory breach/i);
    for (const found of all.matchAll(/[^.]*statutory[^.]*/gi)) assert.match(found[0], /\bno statutory/i);
});

test("what is nearly complete is not called complete", () => {
    assert.equal(filledWords({ with: 99_999, of: 100_000, percent: 100 }), "99.9%");
    assert.equal(filledWords({ with: 3, of: 3, percent: 100 }), "100%");
    assert.equal(filledWords({ with: 0, of: 0, percent: null }), "–");
});

test("a refused record is shown readably where it can be read, and its place in words", () => {
    assert.equal(readable('{"a":1}'), '{\n  "a": 1\n}');
    assert.equal(readable("{not json"), "{not json");
    assert.equal(pointerWords("/data/a~1b"), "data › a/b");
});
