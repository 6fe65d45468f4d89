// What a form of an acknowledgement says, held against the daemon's own rules before it is sent.
import type { FieldError } from "../components/forms";
import { addDays, isDay, typedDay } from "../text/format";

const BY_MOST = 128;
const NOTE_MOST = 500;
export const DAYS_AHEAD = 366;

export interface Acknowledgement {
    by: string;
    note?: string;
    expected_by?: string;
}

/** What a form says, or what is wrong with it; the daemon's own rules, so that most is said before it is sent. */
export function acknowledgementOf(form: { by: string; note: string; day: string }, today: string | null): { value: Acknowledgement; errors: FieldError[] } {
    const errors: FieldError[] = [];
    const by = form.by.trim();
    // Kept as one line: a record of who said what has no control characters.
    const note = form.note.trim().replace(/\s+/g, " ");
    const bytes = (text: string) => new TextEncoder().encode(text).length;
    if (by === "") errors.push({ id: "by", message: "Enter who is dealing with it" });
    else if (bytes(by) > BY_MOST) errors.push({ id: "by", message: `Who is dealing with it must be ${BY_MOST} characters or less` });
    else if (by.includes("@")) errors.push({ id: "by", message: "Enter a name or role, not an e-mail address" });
    if (bytes(note) > NOTE_MOST) errors.push({ id: "note", message: `The note must be ${NOTE_MOST} characters or less` });
    else if (note.includes("@")) errors.push({ id: "note", message: "The note must not hold an e-mail address" });
    const day = form.day.trim() === "" ? null : typedDay(form.day);
    if (form.day.trim() !== "" && day === null) errors.push({ id: "expected-by", message: "Enter the day as in 31/7/2025" });
    else if (day !== null && today !== null && (day < today || day > addDays(today, DAYS_AHEAD))) {
        errors.push({ id: "expected-by", message: "The day must be today or one in the next year" });
    }
    return { value: { by, ...(note ? { note } : {}), ...(day && isDay(day) ? { expected_by: day } : {}) }, errors };
}
