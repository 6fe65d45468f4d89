// Who is signed in and what they may see; told by the gateway once, before the first page is drawn, and watched while pages are open.

export type Role = "viewer" | "manager" | "analyst" | "admin";

export interface Me {
    /** Null where nobody signs in. */
    user: string | null;
    roles: Role[];
    /** Of a manager; "*" is every team. */
    teams: string[];
    /** When they have to sign in again; null where nobody knows. */
    until: string | null;
    sign_in: "tokens" | "proxy" | "none";
}

/** Each role may see what those before it may. */
const ORDER: readonly Role[] = ["viewer", "manager", "analyst", "admin"];

export function mayOf(me: Me, least: Role): boolean {
    return me.roles.some((role) => ORDER.indexOf(role) >= ORDER.indexOf(least));
}

/** Whether they may deal with alerts: an analyst sees everything and changes nothing. */
export function actsOf(me: Me): boolean {
    return me.roles.includes("manager") || me.roles.includes("admin");
}

/** The teams whose people they see; null is everybody's. */
export function ownTeamsOf(me: Me): string[] | null {
    return mayOf(me, "analyst") || (me.roles.includes("manager") && me.teams.includes("*")) ? null : me.teams;
}

/** "Ada, Bob and Cid" */
export function listWords(names: readonly string[]): string {
    return names.length < 2 ? (names[0] ?? "") : `${names.slice(0, -1).join(", ")} and ${names[names.length - 1]}`;
}

/** What somebody is here, in words; many teams are counted. */
export function roleWords(me: Me, team: (name: string) => string): string {
    if (me.roles.includes("admin")) return "Administrator";
    const own = ownTeamsOf(me);
    const manager = !me.roles.includes("manager") ? null : own === null && me.teams.includes("*") ? "Manager of all teams" : me.teams.length > 3 ? `Manager of ${me.teams.length} teams` : `Manager of ${listWords(me.teams.map(team))}`;
    const parts = [manager, me.roles.includes("analyst") ? "Analyst" : null].filter((part) => part !== null);
    return parts.length === 0 ? "Viewer, counts only" : parts.join(", ");
}

/** Which role a page asks for, in words. */
export function neededWords(least: Role): string {
    return { viewer: "any role", manager: "a manager’s role", analyst: "an analyst’s role", admin: "an administrator’s role" }[least];
}

/** Until it is known, and where the gateway cannot be reached: the daemon refuses what may not be seen in any case. */
const NOT_KNOWN: Me = { user: null, roles: ["admin"], teams: [], until: null, sign_in: "none" };
let current: Me | null = null;

export function me(): Me {
    return current ?? NOT_KNOWN;
}
export const may = (least: Role): boolean => mayOf(me(), least);
export const acts = (): boolean => actsOf(me());
export const ownTeams = (): string[] | null => ownTeamsOf(me());

const LEFT_KEY = "waitlist.left";
/** A page that came back without being signed in does not go around for ever. */
const LEFT_MS = 10_000;

/** Goes to where people sign in, and from there back to this address. */
export function leave(): void {
    try {
        if (Date.now() - Number(sessionStorage.getItem(LEFT_KEY) ?? 0) < LEFT_MS) return;
        sessionStorage.setItem(LEFT_KEY, String(Date.now()));
    } catch {
        // Storage may be forbidden; then nothing is counted.
    }
    location.replace(`/sign-in?ended=1&to=${encodeURIComponent(location.pathname + location.search)}`);
}

let usedAt = Date.now();
const ATTENDED_MS = 60_000;

/** Headers of what the page asks: without anybody there, it keeps no session from growing old. */
export function attendance(): Record<string, string> {
    return Date.now() - usedAt > ATTENDED_MS ? { "x-unattended": "1" } : {};
}

const LOAD_LIMIT_MS = 5000;

async function ask(): Promise<Me | "nobody" | null> {
    try {
        const signal = AbortSignal.timeout(LOAD_LIMIT_MS);
        const response = await fetch("/api/v1/me", { headers: { accept: "application/json", ...attendance() }, cache: "no-store", credentials: "same-origin", signal });
        return response.ok ? ((await response.json()) as Me) : response.status === 401 ? "nobody" : null;
    } catch {
        return null;
    }
}

export async function loadMe(): Promise<void> {
    for (const event of ["pointerdown", "keydown", "touchstart", "wheel"]) {
        window.addEventListener(event, () => void (usedAt = Date.now()), { passive: true, capture: true });
    }
    // A page from the browser's memory may be of somebody who has signed out.
    window.addEventListener("pageshow", (event) => event.persisted && location.reload());
    const found = await ask();
    if (found === "nobody") return leave();
    current = found;
}

let checking = false;

/** After the stream has broken off: somebody's time may be over, or somebody else is signed in now. */
export async function checkMe(): Promise<void> {
    if (checking) return;
    checking = true;
    const found = await ask();
    checking = false;
    if (found === "nobody") return leave();
    if (found === null) return;
    const same = (one: Me) => JSON.stringify([one.user, one.roles, one.teams]);
    if (current !== null && same(found) !== same(current)) return location.reload();
    current = found;
}
