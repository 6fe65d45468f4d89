// Alerts in words: what each rule says, how severe it is, why it ended.
import type { Transition } from "../api/types";
import { days, humanise, number, plural } from "./format";

export type Severity = Transition["severity"];

/** The most severe first. */
export const SEVERITIES: readonly Severity[] = ["critical", "high", "warning", "info"];

const SEVERITY_WORDS: Record<Severity, string> = { critical: "Critical", high: "High", warning: "Warning", info: "Information" };

export function severityWords(severity: Severity): string {
    return SEVERITY_WORDS[severity] ?? humanise(severity);
}

export const RULES = [
    { value: "breach", label: "Over standard" },
    { value: "approaching", label: "Nearly over standard" },
    { value: "escalation", label: "Very long wait" },
    { value: "contact_overdue", label: "No contact in time" },
    { value: "queue_limit", label: "Queue over its limit" },
    { value: "feed_silent", label: "Nothing from a source" },
    { value: "quarantine", label: "Refused records to put right" },
] as const;

export function ruleWords(rule: string): string {
    return RULES.find((each) => each.value === rule)?.label ?? humanise(rule);
}

/** What an alert says: "Waiting more than 84 days". */
export function alertWords(alert: Pick<Transition, "rule" | "level" | "standard">): string {
    if (alert.rule === "escalation" && alert.level !== null) return `Waiting more than ${days(alert.level)}`;
    if (alert.rule === "approaching" && alert.level !== null) return alert.level === 1 ? "Over standard tomorrow" : `Over standard within ${days(alert.level)}`;
    if (alert.rule === "breach" && alert.standard !== null) return `Over the standard of ${days(alert.standard)}`;
    return ruleWords(alert.rule);
}

const ENDS: Record<string, string> = {
    corrected: "Corrected: as known now, it never was so",
    completed: "Completed: the person is no longer waiting",
    closed: "Closed: the person is no longer waiting",
    breached: "It came true: the wait is over its standard now",
    paused: "Paused: the days do not count on for now",
    standard_changed: "The standard is another one now",
    cleared: "It holds no longer",
};

/** Why an alert ended. */
export function endWords(reason: string | null): string {
    return reason === null ? "Ended" : (ENDS[reason] ?? humanise(reason));
}

/** "3 new alerts: over standard (2), very long wait (1)" – never with a reference. */
export function newWords(alerts: readonly Pick<Transition, "rule">[]): string {
    const counts = new Map<string, number>();
    for (const alert of alerts) counts.set(alert.rule, (counts.get(alert.rule) ?? 0) + 1);
    const parts = [...counts].sort((a, b) => b[1] - a[1]).map(([rule, count]) => `${ruleWords(rule).toLowerCase()} (${number(count)})`);
    return `${plural(alerts.length, "new alert", "new alerts")}: ${parts.join(", ")}`;
}
