// The views of the list that a team manager asks for first, each with its number: everyone, over standard, due, no contact, no worker, paused.
import type { Changes } from "../address";
import type { Position } from "../api/types";
import { FIRST_PAGE } from "./filter";

export interface QuickView {
    name: string;
    label: string;
    /** The members of the address that make it. */
    members: Record<string, string>;
    count: (position: Position) => number;
}

export const QUICK_VIEWS: readonly QuickView[] = [
    { name: "all", label: "Everyone waiting", members: {}, count: (position) => position.waiting },
    { name: "breach", label: "Over standard", members: { breach: "true" }, count: (position) => position.breach },
    { name: "due", label: "Due this week", members: { due: "true" }, count: (position) => position.due },
    { name: "no_contact", label: "No contact in time", members: { no_contact: "true" }, count: (position) => position.no_contact },
    { name: "unallocated", label: "No worker yet", members: { stage: "unallocated" }, count: (position) => position.unallocated },
    { name: "paused", label: "Paused", members: { paused: "true" }, count: (position) => position.paused },
    { name: "scheduled", label: "Planned", members: { status: "scheduled" }, count: (position) => position.scheduled },
];

const SET_BY_VIEWS = ["breach", "due", "no_contact", "stage", "paused", "status"];

/** From any view to this one; what else is filtered stays. */
export function viewChanges(view: QuickView): Changes {
    return { ...FIRST_PAGE, ...Object.fromEntries(SET_BY_VIEWS.map((name) => [name, view.members[name] ?? null])) };
}

/** The view that the address is, or null where its filter is none of them. */
export function currentView(query: URLSearchParams): QuickView | null {
    const said = SET_BY_VIEWS.flatMap((name) => query.getAll(name).filter((value) => value !== "" && !(name === "status" && value === "waiting")).map((value) => `${name}=${value}`));
    const key = (members: Record<string, string>) => Object.entries(members).map(([name, value]) => `${name}=${value}`);
    return QUICK_VIEWS.find((view) => key(view.members).join() === said.join()) ?? null;
}
