// The address is the state: what is shown, and of which day, is read from it and changed by going to another.
import { useEffect, useState } from "preact/hooks";
import type { Basis } from "./api/types";
import { may, ownTeams } from "./me";
import { isDay } from "./text/format";

export interface Address {
    path: string;
    query: URLSearchParams;
}

/** What every page reads of its address. A team or pathway that is null is all of them. */
export interface View {
    pathway: string | null;
    team: string | null;
    /** The past day that is shown, or null for now. */
    asAt: string | null;
    basis: Basis;
    /** Whether the page is about now and kept so. */
    live: boolean;
}

/** Members of the query that go along from page to page; all others belong to one page. */
const CARRIED = ["pathway", "team", "as_at", "basis"] as const;
const REMEMBERED_TEAM = "waitlist.team";
/** Says "all teams" in an address, so that somebody else's remembered team does not step in. */
const ALL = "all";

function current(): Address {
    return { path: location.pathname, query: new URLSearchParams(location.search) };
}

let address = current();
const listeners = new Set<() => void>();

function changed(): void {
    address = current();
    for (const listener of listeners) listener();
}

export function currentAddress(): Address {
    return address;
}

export function useAddress(): Address {
    const [seen, setSeen] = useState(address);
    useEffect(() => {
        const look = () => setSeen(address);
        look();
        listeners.add(look);
        return () => void listeners.delete(look);
    }, []);
    return seen;
}

export function viewOf(query: URLSearchParams): View {
    const chosen = (name: string) => {
        const value = query.get(name);
        return value === null || value === "" || value === ALL ? null : value;
    };
    const day = query.get("as_at");
    const asAt = day !== null && isDay(day) ? day : null;
    return {
        pathway: chosen("pathway"),
        team: chosen("team"),
        asAt,
        basis: asAt !== null && query.get("basis") === "reported" ? "reported" : "known",
        live: asAt === null,
    };
}

export function useView(): View {
    return viewOf(useAddress().query);
}

/** The members of a question that say of which day and knowledge the answer is to be. */
export function dayOfView(view: View): { as_at?: string; basis?: Basis } {
    if (view.asAt === null) return {};
    return view.basis === "reported" ? { as_at: view.asAt, basis: "reported" } : { as_at: view.asAt };
}

export type Changes = Record<string, string | number | boolean | readonly string[] | null | undefined>;

function write(path: string, query: URLSearchParams): string {
    const text = query.toString();
    return text ? `${path}?${text}` : path;
}

function apply(query: URLSearchParams, changes: Changes): void {
    for (const [name, value] of Object.entries(changes)) {
        query.delete(name);
        if (value === null || value === undefined || value === "") continue;
        for (const one of typeof value === "object" ? value : [String(value)]) query.append(name, one);
    }
}

/** The address of a page: keeps the place and day of the present one, and sets or (by null) removes members. */
export function link(path: string, changes: Changes = {}, from: URLSearchParams = address.query): string {
    const query = new URLSearchParams();
    for (const name of CARRIED) {
        const value = from.get(name);
        if (value) query.set(name, value);
    }
    apply(query, changes);
    return write(path, query);
}

/** The address of the people behind a number; undefined for who sees counts only. */
export function peopleLink(changes: Changes = {}): string | undefined {
    return may("manager") ? link("/people", changes) : undefined;
}

/** The present page with some members changed; all others stay. */
export function here(changes: Changes, from: Address = address): string {
    const query = new URLSearchParams(from.query);
    apply(query, changes);
    return write(from.path, query);
}

/** Goes to an address of this service without loading the page anew. */
export function go(href: string, replace = false): void {
    if (replace) history.replaceState(null, "", href);
    else history.pushState(null, "", href);
    changed();
}

/** The value that says in an address that no single team or pathway is meant. */
export function orAll(value: string | null): string {
    return value === null || value === "" ? ALL : value;
}

/** Keeps the team that somebody chose for their next visit; a link that they followed chooses nothing. */
export function rememberTeam(team: string | null): void {
    try {
        if (team === null) localStorage.removeItem(REMEMBERED_TEAM);
        else localStorage.setItem(REMEMBERED_TEAM, team);
    } catch {
        // Storage may be forbidden; then nothing is remembered.
    }
}

function remembered(): string | null {
    try {
        return localStorage.getItem(REMEMBERED_TEAM);
    } catch {
        return null;
    }
}

/** Whether a click on a link is for us: a plain one, on a page of this service. */
function isOurs(event: MouseEvent, anchor: HTMLAnchorElement, knows: (path: string) => boolean): boolean {
    return (
        event.button === 0 && !event.metaKey && !event.ctrlKey && !event.shiftKey && !event.altKey && !event.defaultPrevented &&
        !anchor.target && !anchor.hasAttribute("download") && anchor.origin === location.origin && knows(anchor.pathname)
    );
}

/** The one team that somebody manages. */
function soleTeam(): string | null {
    const own = ownTeams();
    return own !== null && own.length === 1 ? own[0]! : null;
}

/** Begins to follow links and the browser's own back and forward; puts the remembered or only team into an address that names none. */
export function startAddress(knows: (path: string) => boolean): void {
    const team = remembered() ?? soleTeam();
    if (team && !address.query.has("team")) history.replaceState(history.state, "", here({ team }));
    changed();
    window.addEventListener("popstate", changed);
    document.addEventListener("click", (event) => {
        const anchor = event.target instanceof Element ? event.target.closest("a") : null;
        if (!(anchor instanceof HTMLAnchorElement) || !isOurs(event, anchor, knows)) return;
        // A place on the same page is the browser's own business.
        if (anchor.hash && anchor.pathname === location.pathname && anchor.search === location.search) return;
        event.preventDefault();
        go(anchor.pathname + anchor.search + anchor.hash);
    });
}
