// Numbers, days and changes as people read them, in the style of GOV.UK.

const NUMBERS = new Intl.NumberFormat("en-GB", { maximumFractionDigits: 1 });
const NONE = "–";

export function number(value: number | null | undefined): string {
    return value === null || value === undefined ? NONE : NUMBERS.format(value);
}

/** "1 day", "49.5 days"; a dash where there is no figure. */
export function days(value: number | null | undefined): string {
    return value === null || value === undefined ? NONE : `${number(value)} ${value === 1 ? "day" : "days"}`;
}

export function plural(count: number, one: string, many: string): string {
    return `${number(count)} ${count === 1 ? one : many}`;
}

export function percent(part: number, whole: number): string {
    return whole === 0 ? NONE : `${Math.round((100 * part) / whole)}%`;
}

/** The words of a code or name that has no label: "ribble_valley" is "Ribble valley". */
export function humanise(name: string): string {
    const words = name.replace(/[_-]+/g, " ").trim();
    return words.charAt(0).toUpperCase() + words.slice(1);
}

/** Places are names: "ribble_valley" is "Ribble Valley". */
export function placeName(name: string): string {
    return name === "unknown" ? "Not recorded" : name.split(/[_-]+/).filter(Boolean).map(humanise).join(" ");
}

// --- days: YYYY-MM-DD, counted without any time zone ---

const DAY_MS = 86_400_000;

function utc(day: string): number {
    return Date.parse(`${day}T00:00:00Z`);
}

export function isDay(text: string): boolean {
    return /^\d{4}-\d{2}-\d{2}$/.test(text) && !Number.isNaN(utc(text)) && new Date(utc(text)).toISOString().startsWith(text);
}

export function addDays(day: string, count: number): string {
    return new Date(utc(day) + count * DAY_MS).toISOString().slice(0, 10);
}

export function daysBetween(from: string, to: string): number {
    return Math.round((utc(to) - utc(from)) / DAY_MS);
}

/** The Monday of a day's week. */
export function monday(day: string): string {
    return addDays(day, -((new Date(utc(day)).getUTCDay() + 6) % 7));
}

const LONG_DAY = new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "long", year: "numeric", timeZone: "UTC" });
const SHORT_DAY = new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "short", timeZone: "UTC" });

/** "31 July 2025" */
export function longDay(day: string): string {
    return LONG_DAY.format(utc(day));
}

/** "31 Jul" */
export function shortDay(day: string): string {
    return SHORT_DAY.format(utc(day));
}

/** As the date picker writes it: "31/7/2025". */
export function pickerDay(day: string): string {
    const [year, month, date] = day.split("-").map(Number);
    return `${date}/${month}/${year}`;
}

/** The day that somebody typed as 31/7/2025, 31 07 2025 or 2025-07-31; null where that is no day. */
export function typedDay(text: string): string | null {
    const trimmed = text.trim();
    if (isDay(trimmed)) return trimmed;
    const parts = /^(\d{1,2})[\s/.-](\d{1,2})[\s/.-](\d{4})$/.exec(trimmed);
    if (!parts) return null;
    const day = `${parts[3]}-${parts[2]!.padStart(2, "0")}-${parts[1]!.padStart(2, "0")}`;
    return isDay(day) ? day : null;
}

// --- instants: RFC 3339, shown in the council's time zone ---

/** "10:41", or with seconds "10:41:03". */
export function clock(instant: string | number, timeZone: string, seconds = false): string {
    return new Intl.DateTimeFormat("en-GB", {
        hour: "2-digit",
        minute: "2-digit",
        ...(seconds ? { second: "2-digit" as const } : {}),
        hourCycle: "h23",
        timeZone,
    }).format(typeof instant === "number" ? instant : Date.parse(instant));
}

/** The day of an instant where the council is. */
export function dayOf(instant: string | number, timeZone: string): string {
    return new Intl.DateTimeFormat("en-CA", { year: "numeric", month: "2-digit", day: "2-digit", timeZone }).format(
        typeof instant === "number" ? instant : Date.parse(instant),
    );
}

/** "30 July 2025 at 17:29" */
export function moment(instant: string, timeZone: string): string {
    return `${longDay(dayOf(instant, timeZone))} at ${clock(instant, timeZone)}`;
}

/** How long ago, in the largest unit that fits: "6 hours". */
export function age(milliseconds: number): string {
    const seconds = Math.max(0, Math.round(milliseconds / 1000));
    if (seconds < 60) return plural(seconds, "second", "seconds");
    const minutes = Math.floor(seconds / 60);
    if (minutes < 60) return plural(minutes, "minute", "minutes");
    const hours = Math.floor(minutes / 60);
    return hours < 48 ? plural(hours, "hour", "hours") : plural(Math.floor(hours / 24), "day", "days");
}

// --- changes ---

export interface Change {
    amount: number;
    arrow: "↑" | "↓" | "→";
    direction: "up" | "down" | "same";
    /** "12 more", "0.5 fewer", "no change" */
    words: string;
}

/** What became of a figure; null where one of the two is not there. Rounded to a tenth, as the figures are. */
export function change(now: number | null | undefined, before: number | null | undefined, more = "more", fewer = "fewer"): Change | null {
    if (now === null || now === undefined || before === null || before === undefined) return null;
    const amount = Math.round((now - before) * 10) / 10;
    if (amount === 0) return { amount, arrow: "→", direction: "same", words: "no change" };
    return amount > 0
        ? { amount, arrow: "↑", direction: "up", words: `${number(amount)} ${more}` }
        : { amount, arrow: "↓", direction: "down", words: `${number(-amount)} ${fewer}` };
}
