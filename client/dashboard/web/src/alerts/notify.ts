// Desktop notifications of new alerts: asked for by a button only, kept for this browser, and never about a person.
import type { Transition } from "../api/types";
import { newWords } from "../text/alerts";

const KEY = "waitlist.notify";

export type NotifyState = "unsupported" | "off" | "on" | "blocked";

export function notifyState(): NotifyState {
    if (typeof Notification === "undefined") return "unsupported";
    if (Notification.permission === "denied") return "blocked";
    try {
        return Notification.permission === "granted" && localStorage.getItem(KEY) === "on" ? "on" : "off";
    } catch {
        return "off";
    }
}

function keep(on: boolean): void {
    try {
        localStorage.setItem(KEY, on ? "on" : "off");
    } catch {
        // Storage may be forbidden; then there are no notifications.
    }
}

/** Asks the browser, which asks the user; only ever called by a press of the button. */
export async function turnOn(): Promise<NotifyState> {
    const permission = await Notification.requestPermission();
    keep(permission === "granted");
    return notifyState();
}

export function turnOff(): NotifyState {
    keep(false);
    return notifyState();
}

/** Which alerts are worth a notification: not those that began on an earlier day, as all of a first import do. */
export function worthTelling(raised: readonly Transition[]): Transition[] {
    return raised.filter((alert) => !alert.late);
}

/** The text: what and in which teams, without anybody's reference. */
export function notificationText(raised: readonly Transition[], team: (name: string) => string): { title: string; body: string } {
    const [title, rules] = newWords(raised).split(": ") as [string, string];
    const teams = [...new Set(raised.map((alert) => alert.team).filter((name): name is string => name !== null))].map(team);
    const where = teams.length === 0 ? "" : teams.length <= 3 ? `. ${teams.join(", ")}` : `. ${teams.length} teams`;
    return { title, body: `${rules}${where}` };
}

export function notify(raised: readonly Transition[], team: (name: string) => string): void {
    const telling = worthTelling(raised);
    if (telling.length === 0 || notifyState() !== "on") return;
    const { title, body } = notificationText(telling, team);
    // One at a time: the next one takes its place.
    new Notification(title, { body, tag: "waitlist-alerts" });
}
