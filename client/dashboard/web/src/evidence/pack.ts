// A pack of evidence as the gateway tells of it; what a form asks for, held against its rules; and where it stands, in words.
import type { FieldError } from "../components/forms";
import { addDays, longDay, number, plural, typedDay } from "../text/format";

export interface EvidenceSettings {
    enabled: boolean;
    signed: boolean;
    kept_s: number;
    time_limit_s: number;
}

export interface Pack {
    id: string;
    state: "waiting" | "making" | "done" | "failed";
    from: string;
    to: string;
    audience: Audience;
    /** How many are made first. */
    before: number;
    asked: number;
    /** About so many; 0 before the first. */
    questions: number;
    bytes: number;
    message: string | null;
}

export type Audience = "sensitive" | "publish";

export interface PackRequest {
    from: string;
    to: string;
    audience: Audience;
}

export const AUDIENCES: readonly { value: Audience; label: string; hint: string }[] = [
    {
        value: "sensitive",
        label: "An inspector, or your own council",
        hint: "Exact figures, small counts and everybody who waits, by reference. Every page says that it is sensitive. Do not publish it.",
    },
    {
        value: "publish",
        label: "Everybody",
        hint: "For publication. Counts of 1 to 7 are hidden, and others where they would give those away; the rest is rounded to the nearest 5. There is no list of waits.",
    },
];

/** The six months before the present one. */
export function usualPeriod(today: string): { from: string; to: string } {
    const first = `${today.slice(0, 8)}01`;
    const month = Number(today.slice(5, 7));
    const year = Number(today.slice(0, 4)) - (month <= 6 ? 1 : 0);
    return { from: `${year}-${String(((month + 5) % 12) + 1).padStart(2, "0")}-01`, to: addDays(first, -1) };
}

function dayField(text: string, id: string, name: string, today: string | null, errors: FieldError[]): string {
    const day = typedDay(text);
    if (text.trim() === "") errors.push({ id, message: `Enter the ${name} day` });
    else if (day === null) errors.push({ id, message: `Enter the ${name} day as in 31/7/2025` });
    else if (today !== null && day > today) errors.push({ id, message: `The ${name} day must be today or before` });
    else return day;
    return "";
}

/** What a form asks for, or what is wrong with it. */
export function packRequestOf(form: { from: string; to: string; audience: string }, today: string | null): { value: PackRequest | null; errors: FieldError[] } {
    const errors: FieldError[] = [];
    const from = dayField(form.from, "from", "first", today, errors);
    const to = dayField(form.to, "to", "last", today, errors);
    const audience = AUDIENCES.find((each) => each.value === form.audience)?.value;
    if (from && to && from > to) errors.push({ id: "to", message: "The last day must be the first day or after it" });
    if (!audience) errors.push({ id: "audience", message: "Choose who will read it" });
    return { value: errors.length === 0 && audience ? { from, to, audience } : null, errors };
}

export function periodWords(pack: { from: string; to: string }): string {
    return `${longDay(pack.from)} to ${longDay(pack.to)}`;
}

export function sizeWords(bytes: number): string {
    const kilobytes = Math.max(1, Math.ceil(bytes / 1024));
    return kilobytes < 1024 ? `${number(kilobytes)} kB` : `${number(Math.round(kilobytes / 102.4) / 10)} MB`;
}

/** In hundredths, of the questions; the last tenth is for writing the files. */
export function share(pack: Pack): number {
    if (pack.state === "done") return 100;
    return pack.questions === 0 ? 0 : Math.min(90, Math.floor((90 * pack.asked) / pack.questions));
}

/** For screen readers, which hear of every quarter and not of every question. */
export function stateWords(pack: Pack): string {
    switch (pack.state) {
        case "waiting":
            return `Waiting: ${pack.before === 1 ? "one other pack is" : `${plural(pack.before, "other pack", "other packs")} are`} made first`;
        case "making": {
            const quarters = Math.floor(share(pack) / 25);
            return ["The pack is being made", "A quarter is done", "Half is done", "Three quarters are done"][quarters]!;
        }
        case "done":
            return "The pack is ready";
        case "failed":
            return "The pack could not be made";
    }
}

/** What the program said, as a sentence for people. */
export function failureWords(message: string | null): string {
    const text = (message ?? "")
        .replace(/^refused: /, "")
        .replace(/; nothing was written$/, "")
        .replace(/ \([a-z_]+\)$/, "")
        .replace(/\b\d{4}-\d\d-\d\d\b/g, (day) => longDay(day));
    if (text === "") return "The log of the dashboard says why.";
    const begun = text.charAt(0).toUpperCase() + text.slice(1);
    return /[.!?]$/.test(begun) ? begun : `${begun}.`;
}
