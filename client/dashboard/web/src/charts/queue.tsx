// The charts of a queue: how long people wait, who came and who was completed, how the queue has moved and been restated.
import { useMemo } from "preact/hooks";
import type { DistributionReply, FlowReply, SeriesReply } from "../api/types";
import { addDays, daysBetween, longDay, monday, number, percent, plural, shortDay } from "../text/format";
import { Chart, Legend, type PlotLibrary } from "./chart";
import { HATCH_OVER, HATCH_SECOND } from "./patterns";
import { bars, barWeeks, barWords, type Bar } from "./weeks";

const MOST_BARS = 60;
const MAIN = "var(--app-chart-main)";
const OVER = "var(--app-chart-over)";
const SECOND = "var(--app-chart-second)";
const GRID = "var(--app-chart-grid)";
const TEXT = "var(--govuk-text-colour)";

/** Steps of an axis of days: whole weeks, no more than fit. */
function weekTicks(to: number, width: number): number[] {
    const fit = Math.max(2, Math.floor(width / 64));
    const step = [7, 14, 28, 56, 84, 182, 364, 728].find((days) => to / days <= fit) ?? 1456;
    return Array.from({ length: Math.floor(to / step) + 1 }, (_, index) => index * step);
}

function drawDistribution(plot: PlotLibrary, width: number, rows: readonly Bar[], standards: DistributionReply["standards"]) {
    const last = rows[rows.length - 1];
    const end = last ? (last.to === null ? last.from + 7 : last.to + 1) : 7;
    const x = { x1: (bar: Bar) => bar.from, x2: (bar: Bar) => (bar.to === null ? bar.from + 7 : bar.to + 1), inset: rows.length > 40 ? 0.5 : 1 };
    return plot.plot({
        width, height: 280, marginLeft: 46, marginBottom: 42, marginTop: 26, marginRight: 12,
        x: { domain: [0, end], label: null },
        y: { label: null, domain: [0, Math.max(4, ...rows.map((bar) => bar.within + bar.over))], nice: true },
        marks: [
            plot.gridY({ stroke: GRID, strokeOpacity: 1, ticks: 5 }),
            plot.axisY({ ticks: 5, tickSize: 0, label: null }),
            plot.axisX({ ticks: weekTicks(end, width), tickSize: 4, label: "Days waited", labelAnchor: "center", labelArrow: "none", tickFormat: (days: number) => number(days) }),
            plot.rectY(rows, { ...x, y1: 0, y2: "within", fill: MAIN }),
            plot.rectY(rows, { ...x, y1: "within", y2: (bar: Bar) => bar.within + bar.over, fill: HATCH_OVER, stroke: OVER, strokeWidth: 0.75 }),
            plot.ruleY([0], { stroke: "currentColor" }),
            plot.ruleX(standards, { x: (each) => each.days + 1, stroke: TEXT, strokeWidth: 1.75, strokeDasharray: "5 3" }),
            ...(standards.length === 1
                ? [plot.text(standards, { x: (each) => each.days + 1, text: (each) => `Standard: ${each.days}`, frameAnchor: "top", dy: -16, dx: 6, textAnchor: "start", fill: TEXT, fontWeight: 600 })]
                : []),
        ],
    });
}

export function DistributionChart({ reply, unit }: { reply: DistributionReply; unit: string }) {
    const rows = useMemo(() => bars(reply.rows, MOST_BARS), [reply.rows]);
    const weeks = rows[0] ? barWeeks(rows[0]) : 1;
    const { count, over_standard: over } = reply.total;
    return (
        <Chart
            title={`How long people have waited, by ${weeks === 1 ? "week" : `${weeks} weeks`}`}
            titleHidden
            description={`${number(count)} people are waiting; ${number(over)} of them, ${percent(over, count)}, have waited longer than the standard.`}
            height={280}
            data={[reply.rows, reply.standards]}
            legend={
                <Legend
                    entries={[
                        { mark: "within", label: "within the standard" },
                        { mark: "over", label: "over the standard" },
                        { mark: "standard", label: reply.standards.length === 1 ? "end of the standard" : "ends of the standards, by priority" },
                    ]}
                />
            }
            table={{ head: [unit, "Waiting", "Within the standard", "Over the standard"], rows: rows.map((bar) => [barWords(bar), bar.within + bar.over, bar.within, bar.over]) }}
            draw={(plot, width) => drawDistribution(plot, width, rows, reply.standards)}
        />
    );
}

interface WeekFlow {
    index: number;
    from: string;
    to: string;
    started: number;
    completed: number;
    closed: number;
}

function drawFlow(plot: PlotLibrary, width: number, weeks: readonly WeekFlow[]) {
    const every = Math.ceil(weeks.length / Math.max(2, Math.floor(width / 62)));
    return plot.plot({
        width, height: 260, marginLeft: 40, marginBottom: 34, marginTop: 10, marginRight: 4,
        x: { domain: [0, weeks.length], label: null },
        y: { label: null, domain: [0, Math.max(4, ...weeks.flatMap((week) => [week.started, week.completed]))], nice: true },
        marks: [
            plot.gridY({ stroke: GRID, strokeOpacity: 1, ticks: 5 }),
            plot.axisY({ ticks: 5, tickSize: 0, label: null }),
            plot.axisX(weeks.filter((_, index) => (weeks.length - 1 - index) % every === 0).map((week) => week.index + 0.5), {
                tickSize: 0, label: null, tickFormat: (at: number) => shortDay(weeks[Math.floor(at)]!.from),
            }),
            plot.rectY(weeks, { x1: (week: WeekFlow) => week.index + 0.1, x2: (week: WeekFlow) => week.index + 0.48, y1: 0, y2: "started", fill: MAIN }),
            plot.rectY(weeks, {
                x1: (week: WeekFlow) => week.index + 0.52, x2: (week: WeekFlow) => week.index + 0.9, y1: 0, y2: "completed", fill: HATCH_SECOND, stroke: SECOND, strokeWidth: 0.75,
            }),
            plot.ruleY([0], { stroke: "currentColor" }),
        ],
    });
}

export function FlowChart({ reply }: { reply: FlowReply }) {
    const weeks = useMemo(
        () => reply.rows.map((row, index) => ({ index, from: row.from, to: row.to, started: row.flow.started, completed: row.flow.completed, closed: row.flow.closed })),
        [reply.rows],
    );
    const sum = (of: "started" | "completed" | "closed") => weeks.reduce((total, week) => total + week[of], 0);
    return (
        <Chart
            title="Started and completed, by week"
            titleHidden
            description={`In ${plural(weeks.length, "week", "weeks")} ${number(sum("started"))} started waiting, ${number(sum("completed"))} were completed and ${number(sum("closed"))} were closed for another reason.`}
            height={260}
            data={[weeks]}
            legend={
                <Legend
                    entries={[
                        { mark: "bar", label: `started (${number(sum("started"))})` },
                        { mark: "second", label: `completed (${number(sum("completed"))})` },
                    ]}
                />
            }
            table={{
                head: ["Week", "Started", "Completed", "Closed otherwise"],
                rows: weeks.map((week) => [`${shortDay(week.from)} to ${shortDay(week.to)}`, week.started, week.completed, week.closed]),
            }}
            draw={(plot, width) => drawFlow(plot, width, weeks)}
        />
    );
}

export interface Moved {
    day: string;
    waiting: number;
    breach: number;
    /** What is known now of the same day; null where it was not asked. */
    known: { waiting: number; breach: number } | null;
}

/** Days as reported beside the same days as known now. */
export function movement(reported: SeriesReply, known: SeriesReply | null): Moved[] {
    const now = new Map((known?.totals ?? []).map((row) => [row.day, row.position]));
    return reported.totals.map((row) => {
        const position = now.get(row.day);
        return { day: row.day, waiting: row.position.waiting, breach: row.position.breach, known: position ? { waiting: position.waiting, breach: position.breach } : null };
    });
}

function date(day: string): Date {
    return new Date(`${day}T00:00:00Z`);
}

/** Mondays at which an axis of days is marked, as many as fit, the last week's always. */
function mondays(from: string, to: string, width: number): Date[] {
    const weeks = Math.max(1, Math.floor(daysBetween(from, to) / 7));
    const step = 7 * Math.ceil(weeks / Math.max(2, Math.floor((width - 60) / 64)));
    const made: Date[] = [];
    for (let day = monday(to); day >= from; day = addDays(day, -step)) made.unshift(date(day));
    return made;
}

function dayTick(at: Date): string {
    return shortDay(at.toISOString().slice(0, 10));
}

function drawMovement(plot: PlotLibrary, width: number, moved: readonly Moved[], today: { day: string; waiting: number; breach: number } | null) {
    const x = (row: { day: string }) => date(row.day);
    const all = today ? [...moved, { ...today, known: null }] : moved;
    return plot.plot({
        width, height: 260, marginLeft: 46, marginBottom: 30, marginTop: 10, marginRight: 12,
        x: { type: "utc", label: null },
        y: { label: null, domain: [0, Math.max(4, ...all.map((row) => row.waiting))], nice: true },
        marks: [
            plot.gridY({ stroke: GRID, strokeOpacity: 1, ticks: 5 }),
            plot.axisY({ ticks: 5, tickSize: 0, label: null }),
            plot.axisX(mondays(all[0]!.day, all[all.length - 1]!.day, width), { tickSize: 4, label: null, tickFormat: dayTick }),
            plot.lineY(all, { x, y: "waiting", stroke: MAIN, strokeWidth: 2.25 }),
            plot.lineY(all, { x, y: "breach", stroke: OVER, strokeWidth: 2.25, strokeDasharray: "2 4", strokeLinecap: "round" }),
            plot.ruleY([0], { stroke: "currentColor" }),
            ...(today ? [plot.dot([today], { x, y: "waiting", r: 4, fill: MAIN }), plot.dot([today], { x, y: "breach", r: 4, fill: OVER, symbol: "square" })] : []),
        ],
    });
}

function drawRestated(plot: PlotLibrary, width: number, restated: readonly { day: string; difference: number }[]) {
    const most = Math.max(3, ...restated.map((row) => Math.abs(row.difference)));
    return plot.plot({
        width, height: 130, marginLeft: 46, marginBottom: 28, marginTop: 10, marginRight: 12,
        x: { type: "utc", label: null, domain: [date(restated[0]!.day), date(addDays(restated[restated.length - 1]!.day, 1))] },
        y: { label: null, domain: [-most, most] },
        marks: [
            plot.gridY({ stroke: GRID, strokeOpacity: 1, ticks: 3 }),
            plot.axisY({ ticks: 3, tickSize: 0, label: null, tickFormat: (value: number) => (value > 0 ? `+${value}` : String(value).replace("-", "−")) }),
            plot.axisX(mondays(restated[0]!.day, restated[restated.length - 1]!.day, width), { tickSize: 4, label: null, anchor: "bottom", tickFormat: dayTick }),
            plot.rectY(restated, { x1: (row: { day: string }) => date(row.day), x2: (row: { day: string }) => date(addDays(row.day, 1)), y1: 0, y2: "difference", fill: SECOND, inset: 0.5 }),
            plot.ruleY([0], { stroke: "currentColor" }),
        ],
    });
}

function signed(difference: number): string {
    return difference > 0 ? `+${number(difference)}` : difference < 0 ? `−${number(-difference)}` : "0";
}

/** What became of the reported days, in a sentence. */
export function restatedWords(moved: readonly Moved[]): string {
    const compared = moved.filter((row) => row.known !== null);
    const changed = compared.filter((row) => row.known!.waiting !== row.waiting);
    if (compared.length === 0) return "";
    if (changed.length === 0) return `None of the ${number(compared.length)} reported days has changed since.`;
    const most = changed.reduce((a, b) => (Math.abs(b.known!.waiting - b.waiting) > Math.abs(a.known!.waiting - a.waiting) ? b : a));
    const difference = most.known!.waiting - most.waiting;
    return `What was recorded later has changed ${number(changed.length)} of ${number(compared.length)} reported days, the most on ${longDay(most.day)}: ${number(Math.abs(difference))} ${difference > 0 ? "more" : "fewer"} waited than was reported.`;
}

export function MovementCharts({ moved, today, reported }: { moved: readonly Moved[]; today: { day: string; waiting: number; breach: number } | null; reported: boolean }) {
    const restated = useMemo(() => moved.filter((row) => row.known !== null).map((row) => ({ day: row.day, difference: row.known!.waiting - row.waiting })), [moved]);
    const first = moved[0];
    const last = today ?? moved[moved.length - 1];
    if (!first || !last) return null;
    const weeks = Math.round(daysBetween(first.day, last.day) / 7);
    return (
        <>
            <Chart
                title={`Waiting, and over the standard, in the last ${weeks} weeks`}
                titleHidden
                description={`Waiting went from ${number(first.waiting)} to ${number(last.waiting)}, over the standard from ${number(first.breach)} to ${number(last.breach)}.`}
                height={260}
                data={[moved, today?.waiting, today?.breach]}
                legend={
                    <Legend
                        entries={[
                            { mark: "line", label: reported ? "waiting, as reported" : "waiting, as known now" },
                            { mark: "line-over", label: "of them over the standard" },
                        ]}
                    />
                }
                table={{
                    head: ["Day", "Waiting", "Over the standard", ...(reported ? ["Waiting, as known now", "Over, as known now"] : [])],
                    rows: moved.map((row) => [longDay(row.day), row.waiting, row.breach, ...(reported ? [row.known?.waiting ?? "–", row.known?.breach ?? "–"] : [])]),
                }}
                draw={(plot, width) => drawMovement(plot, width, moved, today)}
            />
            {reported && restated.some((row) => row.difference !== 0) && (
                <Chart
                    title="Restated: waiting as known now, less what was reported"
                    description={restatedWords(moved)}
                    height={130}
                    data={[restated]}
                    table={{ head: ["Day", "Difference"], rows: restated.filter((row) => row.difference !== 0).map((row) => [longDay(row.day), signed(row.difference)]) }}
                    draw={(plot, width) => drawRestated(plot, width, restated)}
                />
            )}
        </>
    );
}
