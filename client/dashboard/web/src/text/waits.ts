// A wait in words: its stage, its status, its risk, why it ended, and where it stands against its standard.
import type { Wait } from "../api/types";
import { days, humanise, longDay, number, plural } from "./format";

const STAGES: Record<string, string> = {
    unallocated: "No worker yet",
    allocated: "Allocated",
    in_progress: "Under way",
    completed: "Completed",
    closed: "Closed",
};

export const STATUSES = [
    { value: "waiting", label: "Waiting" },
    { value: "scheduled", label: "Planned: the clock has not started" },
    { value: "ended", label: "Ended" },
    { value: "excluded", label: "Left out of every count" },
] as const;

const CLOSE_REASONS: Record<string, string> = {
    withdrawn: "withdrawn",
    declined: "declined by the person",
    died: "the person died",
    moved_away: "the person moved away",
    nhs_funded: "funded by the NHS",
    self_funded: "self-funded",
    signposted: "signposted elsewhere",
    admitted_to_hospital: "admitted to hospital",
    duplicate: "a duplicate of another wait",
    recorded_in_error: "recorded in error",
    other: "another reason",
};

export function stageWords(stage: string): string {
    return STAGES[stage] ?? humanise(stage);
}

/** The reason of a close as the end of a sentence. */
export function closeWords(reason: string): string {
    return CLOSE_REASONS[reason] ?? humanise(reason).toLowerCase();
}

/** A code that a sender made, as the end of a sentence: "awaiting_family" is "awaiting family". */
export function codeWords(code: string): string {
    return humanise(code).toLowerCase();
}

/** Impact × likelihood, 1 to 25; null where either is not recorded. */
export function riskOf(wait: { impact: number | null; likelihood: number | null }): number | null {
    return wait.impact === null || wait.likelihood === null ? null : wait.impact * wait.likelihood;
}

/** "3 to go", "breach today", "2 over": by the days that are held against the standard. */
export function standingWords(wait: Wait): string {
    if (wait.breach) return `${number(wait.days - wait.standard)} over`;
    if (wait.days_to_breach === null) return "–";
    return number(wait.days_to_breach);
}

/** Where a wait stands, in one or two sentences. */
export function standing(wait: Wait, unit: string = "days"): string {
    const counted = unit === "working days" ? plural(wait.days, "working day", "working days") : days(wait.days);
    const standard = unit === "working days" ? plural(wait.standard, "working day", "working days") : days(wait.standard);
    switch (wait.status) {
        case "excluded":
            return `Left out of every count, of every day: it was closed as ${closeWords(wait.reason ?? "recorded_in_error")}.`;
        case "scheduled":
            return `Planned. The clock starts on ${longDay(wait.start)}; until then nobody counts this as waiting.`;
        case "ended": {
            const how = wait.stage === "completed" ? "Completed" : wait.stage === "closed" ? `Closed (${closeWords(wait.reason ?? "other")})` : "The clock stopped";
            const kept = wait.days <= wait.standard ? `within the standard of ${standard}` : `outside the standard of ${standard}`;
            return `${how}${wait.stop ? ` on ${longDay(wait.stop)}` : ""} after ${counted}, ${kept}.`;
        }
        default:
            return waitingWords(wait, counted, standard);
    }
}

function waitingWords(wait: Wait, counted: string, standard: string): string {
    const begun = `Waiting for ${counted}`;
    if (wait.breach) return `${begun}, ${number(wait.days - wait.standard)} over the standard of ${standard}${wait.breach_on ? `, since ${longDay(wait.breach_on)}` : ""}.`;
    if (wait.breach_on === null) return `${begun} of ${standard}. Paused: its days do not count on until the pause ends.`;
    return `${begun} of ${standard}. It will be over the standard on ${longDay(wait.breach_on)} if nothing happens before.`;
}
