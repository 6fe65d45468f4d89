// The filter of the list of people: read from the address, written into it, shown as tags that can be taken away one by one.
import type { Changes } from "../address";
import type { Question } from "../api/client";
import type { Names } from "../names";
import { humanise } from "../text/format";
import { STATUSES, stageWords } from "../text/waits";

export interface FilterChoice {
    value: string;
    label: string;
}

/** many: any of the values ticked; flag: yes, no or either; number, text: what is typed. */
export interface FilterField {
    name: string;
    label: string;
    kind: "many" | "flag" | "number" | "text";
    choices: readonly FilterChoice[];
    hint?: string;
    /** Before the value in a tag, where the value alone would not say what it is of. */
    tag?: string;
}

const UNKNOWN: FilterChoice = { value: "unknown", label: "Not recorded" };
const STAGES = ["unallocated", "allocated", "in_progress"];
const DAYS_MOST = 100_000;

function scale(most: number): FilterChoice[] {
    return [...Array.from({ length: most }, (_, index) => ({ value: String(index + 1), label: String(index + 1) })), UNKNOWN];
}

function named(values: readonly string[], words: (value: string) => string): FilterChoice[] {
    return [...values.map((value) => ({ value, label: words(value) })), UNKNOWN];
}

/** All fields in the order in which the form shows them; what the council does not use is left out. */
export function filterFields(names: Names): FilterField[] {
    const { configuration } = names;
    const lists: FilterField[] = [
        { name: "stage", label: "Stage", kind: "many", choices: STAGES.map((value) => ({ value, label: stageWords(value) })) },
        { name: "priority", label: "Priority", kind: "many", choices: scale(4), tag: "Priority" },
        { name: "impact", label: "Impact", kind: "many", choices: scale(5), tag: "Impact" },
        { name: "likelihood", label: "Likelihood", kind: "many", choices: scale(5), tag: "Likelihood" },
        ...(configuration?.districts.length ? [{ name: "district", label: "District", kind: "many" as const, choices: named(configuration.districts, names.district) }] : []),
        ...(configuration?.client_groups.length ? [{ name: "client_group", label: "Client group", kind: "many" as const, choices: named(configuration.client_groups, humanise) }] : []),
        ...(configuration?.dimensions ?? []).map((dimension) => ({
            name: `dimension.${dimension.name}`,
            label: humanise(dimension.name),
            kind: "many" as const,
            choices: named(dimension.values, humanise),
            tag: humanise(dimension.name),
        })),
    ];
    return [
        ...lists,
        flag("breach", "Standard", "Over standard", "Within standard"),
        flag("due", "Due this week", "Due this week", "Not due this week"),
        flag("no_contact", "Contact", "No contact in time", "Contact in time"),
        flag("paused", "Pauses", "Paused", "Not paused"),
        { name: "min_days", label: "Waited at least", kind: "number", choices: [], hint: "days", tag: "At least" },
        { name: "max_days", label: "Waited at most", kind: "number", choices: [], hint: "days", tag: "At most" },
        { name: "worker", label: "Worker", kind: "text", choices: [], hint: "Reference, or unknown", tag: "Worker" },
        { name: "subject_prefix", label: "Reference begins with", kind: "text", choices: [], tag: "Reference begins with" },
        { name: "status", label: "Status", kind: "many", choices: STATUSES },
    ];
}

function flag(name: string, label: string, yes: string, no: string): FilterField {
    return { name, label, kind: "flag", choices: [{ value: "true", label: yes }, { value: "false", label: no }] };
}

function isField(name: string): boolean {
    return FIXED.has(name) || name.startsWith("dimension.");
}

const FIXED = new Set([
    "stage", "priority", "impact", "likelihood", "district", "client_group", "breach", "due", "no_contact", "paused", "min_days", "max_days", "worker",
    "subject_prefix", "status",
]);

/** The filter as members of a question. Without a status it is those who wait. */
export function filterQuestion(query: URLSearchParams): Question {
    const question: Question = { status: "waiting" };
    for (const name of new Set(query.keys())) {
        const values = query.getAll(name).filter((value) => value !== "");
        if (!isField(name) || values.length === 0) continue;
        question[name] = values.length === 1 ? values[0]! : [...new Set(values)];
    }
    return question;
}

export interface FilterTag {
    field: string;
    label: string;
    /** The address without it. */
    changes: Changes;
}

/** What begins anew whenever the list becomes another one. */
export const FIRST_PAGE: Changes = { cursor: null, from: null, known_at: null };

function tagLabel(field: FilterField | undefined, name: string, value: string): string {
    const words = field?.choices.find((choice) => choice.value === value)?.label ?? value;
    if (!field) return `${humanise(name)}: ${words}`;
    if (field.kind === "number") return `${field.tag} ${value} days`;
    if (field.kind === "text") return `${field.tag} ${value}`;
    return value === "unknown" ? `${field.label}: not recorded` : field.tag ? `${field.tag} ${words}` : words;
}

export function filterTags(query: URLSearchParams, fields: readonly FilterField[]): FilterTag[] {
    const order = new Map(fields.map((field, index) => [field.name, index]));
    const names = [...new Set(query.keys())].filter(isField);
    names.sort((a, b) => (order.get(a) ?? fields.length) - (order.get(b) ?? fields.length));
    return names.flatMap((name) => {
        const values = [...new Set(query.getAll(name).filter((value) => value !== ""))];
        const field = fields.find((each) => each.name === name);
        return values.map((value) => ({
            field: name,
            label: tagLabel(field, name, value),
            changes: { ...FIRST_PAGE, [name]: values.filter((other) => other !== value) },
        }));
    });
}

/** Takes the whole filter away, and stays at the same place and day. */
export function clearedFilter(query: URLSearchParams): Changes {
    const changes: Changes = { ...FIRST_PAGE };
    for (const name of query.keys()) if (isField(name)) changes[name] = null;
    return changes;
}

export interface FilterError {
    name: string;
    message: string;
}

/** What a form says, as changes of the address, or what is wrong with it. */
export function filterOfForm(form: FormData, fields: readonly FilterField[]): { changes: Changes; errors: FilterError[] } {
    const changes: Changes = { ...FIRST_PAGE };
    const errors: FilterError[] = [];
    for (const field of fields) {
        const values = form.getAll(field.name).map((value) => String(value).trim()).filter((value) => value !== "");
        if (field.kind === "number" && values.length > 0 && (!/^\d+$/.test(values[0]!) || Number(values[0]) > DAYS_MOST)) {
            errors.push({ name: field.name, message: `${field.label}: enter a whole number of days, like 28` });
        }
        changes[field.name] = values.length === 0 ? null : values;
    }
    const [least, most] = [form.get("min_days"), form.get("max_days")].map((value) => (value ? Number(value) : null));
    if (errors.length === 0 && least !== null && most !== null && least! > most!) {
        errors.push({ name: "max_days", message: "Waited at most: enter as many days as in “Waited at least”, or more" });
    }
    return { changes, errors };
}

export const DEFAULT_SORT = "-days";
const SORTS = ["days", "days_to_breach", "risk", "priority", "last_contact", "subject"];

/** The order that the address asks for; one that there is not is passed over. */
export function sortOf(query: URLSearchParams): string {
    const wanted = query.get("sort") ?? DEFAULT_SORT;
    return SORTS.includes(wanted.replace(/^-/, "")) ? wanted : DEFAULT_SORT;
}

const SIZES = ["50", "100", "500", "1000"];
const DEFAULT_SIZE = "100";

/** How many rows a page has: what may be chosen, which of it is, and how that is written into the address. */
export const PAGE_SIZES: readonly { value: string; written: string | null }[] = SIZES.map((value) => ({ value, written: value === DEFAULT_SIZE ? null : value }));

export function sizeOf(query: URLSearchParams): string {
    const wanted = query.get("rows") ?? DEFAULT_SIZE;
    return SIZES.includes(wanted) ? wanted : DEFAULT_SIZE;
}
