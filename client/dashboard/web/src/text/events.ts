// What happened, in plain words: every type of event, what became of it, and what an exception means.
import type { WaitEvent } from "../api/types";
import { humanise } from "./format";
import { closeWords, codeWords } from "./waits";

/** The council's own words, as far as an event needs them. */
export interface EventNames {
    pathway(name: string): string;
    team(name: string): string;
    district(name: string): string;
}

export interface EventWords {
    title: string;
    /** What the record says, in sentences. */
    details: string[];
    /** What follows from it, where it has an effect. */
    effect?: string;
}

const TYPES: Record<string, string> = {
    "asc.referral.received": "Referral",
    "asc.referral.triaged": "Triage",
    "asc.wait.transferred": "Move to another team",
    "asc.wait.unallocated": "Worker taken off",
    "asc.wait.allocated": "Allocation",
    "asc.wait.paused": "Pause",
    "asc.wait.resumed": "End of a pause",
    "asc.contact.made": "Contact",
    "asc.assessment.started": "Start of the assessment",
    "asc.assessment.completed": "Assessment completed",
    "asc.review.completed": "Review completed",
    "asc.service.started": "Service started",
    "asc.wait.closed": "Close",
    "asc.wait.reopened": "Opened again",
    "asc.event.retracted": "Record taken back",
};

/** The name of a type of record: "Referral", "Contact". */
export function typeWords(type: string): string {
    return TYPES[type] ?? humanise(type.replace(/^asc\./, "").replace(/\./g, " "));
}

function text(value: unknown): string | null {
    return typeof value === "string" ? value : typeof value === "number" ? String(value) : null;
}

/** What a triage may set, as it stands in a referral too. */
function triage(data: Record<string, unknown>, names: EventNames): string[] {
    const said: string[] = [];
    const add = (label: string, value: string | null) => void (value !== null && said.push(`${label} ${value}`));
    add("priority", text(data.priority));
    add("impact", text(data.impact));
    add("likelihood", text(data.likelihood));
    const group = text(data.client_group);
    if (group !== null) said.push(`client group: ${humanise(group).toLowerCase()}`);
    const district = text(data.district);
    if (district !== null) said.push(`district: ${names.district(district)}`);
    if (data.dimensions !== null && typeof data.dimensions === "object") {
        for (const [name, value] of Object.entries(data.dimensions)) said.push(`${humanise(name).toLowerCase()}: ${text(value) ?? "?"}`);
    }
    return said;
}

function sentence(parts: string[]): string[] {
    if (parts.length === 0) return [];
    const whole = parts.join(", ");
    return [`${whole.charAt(0).toUpperCase()}${whole.slice(1)}.`];
}

type Telling = (data: Record<string, unknown>, names: EventNames, day: (day: string) => string) => EventWords;

const TELL: Record<string, Telling> = {
    "asc.referral.received": (data, names, day) => {
        const start = text(data.clock_start);
        return {
            title: `Referred for ${names.pathway(text(data.pathway) ?? "unknown")}, to ${names.team(text(data.team) ?? "unknown")}`,
            details: [...(start ? [`The clock starts on ${day(start)}, as the referral says.`] : []), ...sentence(triage(data, names))],
        };
    },
    "asc.referral.triaged": (data, names) => ({ title: "Triaged", details: sentence(triage(data, names)) }),
    "asc.wait.transferred": (data, names) => {
        const district = text(data.district);
        return {
            title: `Moved to ${names.team(text(data.team) ?? "unknown")}`,
            details: district ? [`District: ${names.district(district)}.`] : [],
            effect: "Without a worker until the new team allocates one. The clock goes on.",
        };
    },
    "asc.wait.unallocated": () => ({ title: "Worker taken off", details: [], effect: "Nobody is allocated from here on." }),
    "asc.wait.allocated": (data) => ({ title: `Allocated to worker ${text(data.worker) ?? "unknown"}`, details: [] }),
    "asc.wait.paused": (data) => ({ title: "Paused", details: text(data.reason) ? [`Reason: ${codeWords(text(data.reason)!)}.`] : [] }),
    "asc.wait.resumed": () => ({ title: "Pause ended", details: [] }),
    "asc.contact.made": (data) => ({ title: "Contact made", details: text(data.method) ? [`How: ${codeWords(text(data.method)!)}.`] : [] }),
    "asc.assessment.started": () => ({ title: "Assessment started", details: [] }),
    "asc.assessment.completed": (data) => completed("Assessment completed", data),
    "asc.review.completed": (data) => completed("Review completed", data),
    "asc.service.started": (data) => completed("Service started", data),
    "asc.wait.closed": (data) => ({ title: `Closed: ${closeWords(text(data.reason) ?? "other")}`, details: [] }),
    "asc.wait.reopened": (data) => ({
        title: "Opened again",
        details: text(data.reason) ? [`Reason: ${codeWords(text(data.reason)!)}.`] : [],
        effect: "The clock goes on as if it had never stopped.",
    }),
    "asc.event.retracted": (data) => ({ title: "A record was taken back", details: [`It says that record ${text(data.id) ?? "?"} never happened.`] }),
};

function completed(title: string, data: Record<string, unknown>): EventWords {
    const outcome = text(data.outcome);
    return { title, details: outcome ? [`Outcome: ${codeWords(outcome)}.`] : [] };
}

/** An event as people would tell it; `day` writes a day in words. */
export function eventWords(event: Pick<WaitEvent, "type" | "data">, names: EventNames, day: (day: string) => string): EventWords {
    const tell = TELL[event.type];
    return tell ? tell(event.data ?? {}, names, day) : { title: typeWords(event.type), details: [] };
}

// --- exceptions and warnings ---

export interface CodeWords {
    /** In a list. */
    label: string;
    /** Why, in a sentence. */
    why: string;
    /** What it contradicts, as the beginning of "… of 5 April 2025"; null where it is nothing that was recorded. */
    contradicts: string | null;
}

const CODES: Record<string, CodeWords> = {
    duplicate_referral: {
        label: "Second referral",
        why: "There already is a referral for this wait, so this one has no effect.",
        contradicts: "It contradicts the referral that opened the wait",
    },
    no_referral: {
        label: "No referral yet",
        why: "No referral has come for this wait, so this has no effect. When the referral comes, it takes effect by itself.",
        contradicts: null,
    },
    after_end: {
        label: "After the end",
        why: "The wait had ended already, so this has no effect.",
        contradicts: "It contradicts the end of the wait",
    },
    not_allocated: { label: "Nobody was allocated", why: "A worker was to be taken off, and there was none. It has no effect.", contradicts: null },
    already_paused: { label: "Paused already", why: "The wait was paused already, so this has no effect.", contradicts: "It contradicts the pause that was open" },
    not_paused: { label: "Was not paused", why: "A pause was to end, and there was none. It has no effect.", contradicts: null },
    already_started: {
        label: "Started already",
        why: "The assessment had started already, so this has no effect.",
        contradicts: "It contradicts the earlier start",
    },
    wrong_completion: {
        label: "Wrong kind of completion",
        why: "What somebody waits for here is completed by another kind of record, so this has no effect.",
        contradicts: "It contradicts the referral that opened the wait",
    },
    not_ended: { label: "Had not ended", why: "The wait was to be opened again, and had not ended. It has no effect.", contradicts: null },
    retracts_unknown: { label: "Takes back what never came", why: "It takes back a record that has not arrived.", contradicts: null },
    cannot_retract: {
        label: "Takes back a taking back",
        why: "It takes back a record that itself took something back, which cannot be done. It has no effect.",
        contradicts: "It contradicts the record that it names",
    },
    ended_before_start: {
        label: "Ended before it started",
        why: "The clock stopped on a day before it started. It counts as 0 days.",
        contradicts: "It does not fit the referral",
    },
    backdated: { label: "Recorded late", why: "It was recorded more days after it happened than the council allows.", contradicts: null },
    unknown_value: { label: "Unknown value", why: "It has a team, district, group or value that the council's configuration does not list.", contradicts: null },
    same_person_twice: {
        label: "Same person twice",
        why: "The same person waits twice at once for the same thing.",
        contradicts: "The earlier referral is",
    },
};

export function exceptionWords(code: string): CodeWords {
    return CODES[code] ?? { label: humanise(code), why: `${humanise(code)}.`, contradicts: null };
}

export const EXCEPTION_CODES = [
    "duplicate_referral", "no_referral", "after_end", "not_allocated", "already_paused", "not_paused", "already_started", "wrong_completion", "not_ended",
    "retracts_unknown", "cannot_retract",
] as const;
export const WARNING_CODES = ["ended_before_start", "backdated", "unknown_value", "same_person_twice"] as const;

// --- quarantine ---

const REFUSALS: Record<string, string> = {
    too_large: "Too large",
    not_json: "Could not be read",
    bad_envelope: "Its frame is incomplete or wrong",
    id_conflict: "Its number was used for something else",
    unknown_type: "Unknown kind of record",
    personal_data: "Held personal data",
    bad_data: "A value is missing or wrong",
    unknown_pathway: "Unknown pathway",
    time_in_future: "Lies in the future",
    time_too_old: "Lies too far back",
};

const REFUSAL_ADVICE: Record<string, string> = {
    too_large: "An event has at most 16 KiB. It must be sent again, shorter.",
    not_json: "It is no JSON, no UTF-8, nests too deeply, or says the same thing twice. Whoever sends it must put it right.",
    bad_envelope: "Something that every event must say (its number, source, type, subject or time) is missing or wrong.",
    id_conflict: "An event with this number was accepted before with other content. A correction needs a number of its own.",
    unknown_type: "There is no such type of event. Whoever sends it must put it right.",
    personal_data: "A reference looked like an NHS number or an e-mail address, or a field was named like personal data. It was hidden before anything was stored; the event must be sent again without it.",
    bad_data: "A value of the event is missing or wrong: the place below says which.",
    unknown_pathway: "The configuration has no such pathway. Add it there and retry, or have it sent again put right.",
    time_in_future: "It says that it happened later than now. Check the sender's clock.",
    time_too_old: "It says that it happened before the first day the council allows.",
};

export function refusalWords(code: string): { label: string; advice: string } {
    return { label: REFUSALS[code] ?? humanise(code), advice: REFUSAL_ADVICE[code] ?? "" };
}
