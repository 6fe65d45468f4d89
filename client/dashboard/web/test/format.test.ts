// Numbers, days, instants and changes in words.
import assert from "node:assert/strict";
import { test } from "node:test";
import * as format from "../src/text/format";

test("numbers have thousands separated, and absence is a dash", () => {
    assert.equal(format.number(12345.67), "12,345.7");
    assert.equal(format.number(null), "–");
    assert.equal(format.days(1), "1 day");
    assert.equal(format.days(49.5), "49.5 days");
    assert.equal(format.percent(1, 3), "33%");
    assert.equal(format.percent(0, 0), "–");
});

test("days are counted by the calendar, over months, leap years and summer time", () => {
    assert.equal(format.addDays("2025-03-30", 1), "2025-03-31");
    assert.equal(format.addDays("2024-03-01", -1), "2024-02-29");
    assert.equal(format.daysBetween("2025-03-29", "2025-10-27"), 212);
    assert.equal(format.longDay("2025-07-31"), "31 July 2025");
});

test("what is no day is refused", () => {
    for (const text of ["2025-02-30", "2025-13-01", "31/7/2025", "", "2025-7-1"]) assert.equal(format.isDay(text), false, text);
    assert.equal(format.isDay("2024-02-29"), true);
});

test("a typed day is understood with slashes, spaces, dots and hyphens, the day first", () => {
    for (const text of ["31/7/2025", "31 07 2025", "31.7.2025", "31-07-2025", " 2025-07-31 "]) assert.equal(format.typedDay(text), "2025-07-31", text);
    for (const text of ["7/31/2025", "31/7/25", "yesterday", "30/2/2025"]) assert.equal(format.typedDay(text), null, text);
    assert.equal(format.pickerDay("2025-07-31"), "31/7/2025");
});

test("instants are shown where the council is", () => {
    assert.equal(format.clock("2025-07-31T09:41:03.000Z", "Europe/London", true), "10:41:03");
    assert.equal(format.clock("2025-01-31T00:05:00.000Z", "Europe/London"), "00:05");
    assert.equal(format.dayOf("2025-07-30T23:30:00.000Z", "Europe/London"), "2025-07-31");
    assert.equal(format.moment("2025-07-30T16:29:09.000Z", "Europe/London"), "30 July 2025 at 17:29");
});

test("ages are in the largest unit that says enough", () => {
    assert.equal(format.age(1000), "1 second");
    assert.equal(format.age(61_000), "1 minute");
    assert.equal(format.age(47 * 3_600_000), "47 hours");
    assert.equal(format.age(49 * 3_600_000), "2 days");
    assert.equal(format.age(-5), "0 seconds");
});

test("a change has an arrow and words, and none without both figures", () => {
    assert.deepEqual(format.change(1325, 1373), { amount: -48, arrow: "↓", direction: "down", words: "48 fewer" });
    assert.deepEqual(format.change(10, 9.95, "longer", "shorter"), { amount: 0.1, arrow: "↑", direction: "up", words: "0.1 longer" });
    assert.equal(format.change(5, 5)?.words, "no change");
    assert.equal(format.change(0.3, 0.1 + 0.2)?.direction, "same");
    assert.equal(format.change(null, 5), null);
    assert.equal(format.change(5, undefined), null);
});

test("names without a label are made readable", () => {
    assert.equal(format.placeName("ribble_valley"), "Ribble Valley");
    assert.equal(format.placeName("unknown"), "Not recorded");
    assert.equal(format.humanise("signposted_elsewhere"), "Signposted elsewhere");
});
