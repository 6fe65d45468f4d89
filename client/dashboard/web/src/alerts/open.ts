// The open alerts as a set that transitions change, and the list made of them: one entry for each wait, its most severe alert first.
import type { Transition } from "../api/types";
import { SEVERITIES, type Severity } from "../text/alerts";

export type OpenAlerts = ReadonlyMap<string, Transition>;

export interface AlertFilter {
    pathway: string | null;
    team: string | null;
}

function belongs(alert: Transition, filter: AlertFilter): boolean {
    return (filter.pathway === null || alert.pathway === filter.pathway) && (filter.team === null || alert.team === filter.team);
}

/** The set after transitions in the order of the log; only alerts that belong to `filter` are kept. */
export function applied(open: OpenAlerts, transitions: readonly Transition[], filter: AlertFilter): OpenAlerts {
    const next = new Map(open);
    for (const transition of transitions) {
        const before = next.get(transition.alert_id);
        const after = afterOne(before, transition);
        if (after && belongs(after, filter)) next.set(transition.alert_id, after);
        else next.delete(transition.alert_id);
    }
    return next;
}

/** What is open of an alert after a transition: as it was raised, with the team, severity and acknowledgement of now. */
function afterOne(before: Transition | undefined, transition: Transition): Transition | null {
    const alert = before ?? { ...transition, acknowledged_at: null, overdue: false };
    switch (transition.transition) {
        case "resolved":
            return null;
        case "acknowledged":
            return {
                ...alert, severity: transition.severity, by: transition.by, note: transition.note, expected_by: transition.expected_by,
                acknowledged_at: transition.at, overdue: false,
            };
        case "overdue":
            return { ...alert, severity: transition.severity, overdue: true };
        case "moved":
            return { ...alert, team: transition.team };
        default:
            return { ...alert, ...transition, acknowledged_at: transition.acknowledged_at ?? null, overdue: transition.overdue ?? false };
    }
}

export const ACK_STATES = [
    { value: "no", label: "Nobody deals with it yet" },
    { value: "yes", label: "Acknowledged" },
    { value: "overdue", label: "Past the day it was expected by" },
] as const;

export interface Choice {
    rule: string | null;
    ack: string | null;
}

export function isChosen(alert: Transition, choice: Choice): boolean {
    if (choice.rule !== null && alert.rule !== choice.rule) return false;
    if (choice.ack === "no") return !alert.acknowledged_at;
    if (choice.ack === "yes") return Boolean(alert.acknowledged_at);
    return choice.ack !== "overdue" || alert.overdue === true;
}

/** What is open about one wait, or about a queue or source where no wait is meant. */
export interface AlertGroup {
    key: string;
    /** The most severe, and of those the highest level. */
    top: Transition;
    /** The others, in the same order. */
    others: Transition[];
}

function rank(severity: Severity): number {
    const place = SEVERITIES.indexOf(severity);
    return place < 0 ? SEVERITIES.length : place;
}

/** The most severe first, then the highest level, then the oldest. */
export function compareAlerts(a: Transition, b: Transition): number {
    return (
        rank(a.severity) - rank(b.severity) ||
        // Those nearest to their standard lead where a level counts down.
        (a.rule === "approaching" && b.rule === "approaching" ? (a.level ?? 0) - (b.level ?? 0) : (b.level ?? 0) - (a.level ?? 0)) ||
        (a.occurred_on < b.occurred_on ? -1 : a.occurred_on > b.occurred_on ? 1 : a.seq - b.seq)
    );
}

export function grouped(alerts: Iterable<Transition>): AlertGroup[] {
    const groups = new Map<string, Transition[]>();
    for (const alert of alerts) {
        const key = alert.subject ?? alert.alert_id;
        const group = groups.get(key);
        if (group) group.push(alert);
        else groups.set(key, [alert]);
    }
    const list = [...groups].map(([key, own]) => {
        own.sort(compareAlerts);
        return { key, top: own[0]!, others: own.slice(1) };
    });
    return list.sort((a, b) => compareAlerts(a.top, b.top));
}

/** The seq that raised an alert, out of its name: "a104" is 104; null where it is no name of one. */
export function raisedSeq(id: string): number | null {
    const digits = /^a([1-9]\d{0,9})$/.exec(id);
    return digits ? Number(digits[1]) : null;
}
