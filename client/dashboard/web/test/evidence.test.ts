// What a form of the Evidence page asks for, and where a pack stands in words.
import assert from "node:assert/strict";
import { test } from "node:test";
import { failureWords, packRequestOf, share, sizeWords, stateWords, usualPeriod, type Pack } from "../src/evidence/pack";

const PACK: Pack = { id: "0", state: "making", from: "2025-02-01", to: "2025-07-31", audience: "sensitive", before: 0, asked: 0, questions: 0, bytes: 0, message: null };

test("the usual period is the six months before this one", () => {
    assert.deepEqual(usualPeriod("2025-08-17"), { from: "2025-02-01", to: "2025-07-31" });
    assert.deepEqual(usualPeriod("2025-07-01"), { from: "2025-01-01", to: "2025-06-30" });
    assert.deepEqual(usualPeriod("2025-03-31"), { from: "2024-09-01", to: "2025-02-28" });
    assert.deepEqual(usualPeriod("2025-01-01"), { from: "2024-07-01", to: "2024-12-31" });
    assert.deepEqual(usualPeriod("2024-12-31"), { from: "2024-06-01", to: "2024-11-30" });
});

test("a form is read as people write days", () => {
    assert.deepEqual(packRequestOf({ from: "1/2/2025", to: "2025-07-31", audience: "publish" }, "2025-08-01"), {
        value: { from: "2025-02-01", to: "2025-07-31", audience: "publish" },
        errors: [],
    });
});

test("every field that is wrong is named", () => {
    const wrong = (from: string, to: string, audience: string) => packRequestOf({ from, to, audience }, "2025-08-01").errors.map(({ id, message }) => `${id}: ${message}`);
    assert.deepEqual(wrong("", "31/2/2025", ""), ["from: Enter the first day", "to: Enter the last day as in 31/7/2025", "audience: Choose who will read it"]);
    assert.deepEqual(wrong("1/8/2025", "2/8/2025", "sensitive"), ["to: The last day must be today or before"]);
    assert.deepEqual(wrong("2/2/2025", "1/2/2025", "everybody"), ["to: The last day must be the first day or after it", "audience: Choose who will read it"]);
    assert.equal(packRequestOf({ from: "", to: "", audience: "" }, null).value, null);
});

test("where it stands is said by quarters", () => {
    assert.equal(stateWords({ ...PACK, state: "waiting", before: 1 }), "Waiting: one other pack is made first");
    assert.equal(stateWords({ ...PACK, state: "waiting", before: 3 }), "Waiting: 3 other packs are made first");
    assert.equal(stateWords(PACK), "The pack is being made");
    assert.equal(stateWords({ ...PACK, asked: 60, questions: 100 }), "Half is done");
    assert.equal(share({ ...PACK, asked: 100, questions: 100 }), 90);
    assert.equal(share({ ...PACK, state: "done" }), 100);
    assert.equal(stateWords({ ...PACK, state: "done" }), "The pack is ready");
});

test("why it failed is a sentence", () => {
    assert.equal(failureWords("refused: nothing was recorded before 2025-02-06 (bad_request); nothing was written"), "Nothing was recorded before 6 February 2025.");
    assert.equal(failureWords(null), "The log of the dashboard says why.");
});

test("sizes are rounded up", () => {
    assert.equal(sizeWords(0), "1 kB");
    assert.equal(sizeWords(300 * 1024 + 1), "301 kB");
    assert.equal(sizeWords(2.5 * 1024 * 1024), "2.5 MB");
});
