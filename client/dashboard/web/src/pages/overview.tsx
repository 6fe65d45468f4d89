// Overview: every pathway at a glance, how it has changed since yesterday and in four weeks, and what was recorded in the last hour.
import type { ComponentChildren } from "preact";
import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import { link, peopleLink, useView, type View } from "../address";
import type { Flow, FlowReply, Keys, Position, SeriesReply } from "../api/types";
import { Legend } from "../charts/chart";
import { Spark, type SparkPoint } from "../charts/spark";
import { Chooser, LiveMark } from "../components/chooser";
import { Details } from "../components/details";
import { ChangeLine, DefinitionLink, Figure, Figures, type Before } from "../components/figure";
import { PageTitle, Section } from "../components/page";
import { Empty, Loaded, Loading } from "../components/states";
import { PlainTable } from "../components/table";
import { ONCE, useAnswer, useLive } from "../live/hooks";
import { useEarlier, usePositionsBy, useSeries, type Earlier, type Positions } from "../live/summary";
import { may } from "../me";
import { useNames } from "../names";
import { addDays, clock, longDay, number, percent, plural, shortDay } from "../text/format";

const WEEKS = 13;

interface Past {
    /** Whether they are before now, and not before a past day. */
    isLive: boolean;
    yesterday: Earlier | null;
    weeksAgo: Earlier | null;
    series: SeriesReply | null;
}

function usePast(view: View, day: string | null): Past {
    const basis = view.asAt !== null && view.basis === "known" ? "known" : "reported";
    const before = (count: number) => (day === null ? null : addDays(day, -count));
    return {
        isLive: view.live,
        yesterday: useEarlier(before(1), basis, "pathway", null, view.team),
        weeksAgo: useEarlier(before(28), basis, "pathway", null, view.team),
        series: useLastSeries(view, useSeries(before(WEEKS * 7), before(1), basis, "week", "pathway", null, view.team)),
    };
}

/** When a new day begins, the lines of before stay until theirs are there: their points are days that are over. */
function useLastSeries(view: View, series: SeriesReply | null): SeriesReply | null {
    const place = `${view.team} ${view.asAt} ${view.basis}`;
    const last = useRef<{ place: string; series: SeriesReply | null }>({ place, series });
    if (series !== null || last.current.place !== place) last.current = { place, series };
    return last.current.series;
}

type Measure = "waiting" | "breach" | "due" | "longest" | "median";

interface MeasureColumn {
    measure: Measure;
    heading: string;
    definition: string;
    more: string;
    fewer: string;
}

const COLUMNS: readonly MeasureColumn[] = [
    { measure: "waiting", heading: "Waiting", definition: "waiting", more: "more", fewer: "fewer" },
    { measure: "breach", heading: "Over standard", definition: "breach", more: "more", fewer: "fewer" },
    { measure: "due", heading: "Due this week", definition: "due", more: "more", fewer: "fewer" },
    { measure: "longest", heading: "Longest", definition: "longest", more: "longer", fewer: "shorter" },
    { measure: "median", heading: "Median", definition: "median", more: "longer", fewer: "shorter" },
];

const PEOPLE: Partial<Record<Measure, Record<string, string>>> = { waiting: {}, breach: { breach: "true" }, due: { due: "true" } };

function befores(past: Past, of: (earlier: Earlier) => number | null, words: "long" | "short"): Before[] {
    const value = (earlier: Earlier | null) => (earlier ? of(earlier) : null);
    const { isLive } = past;
    return [
        { value: value(past.yesterday), since: words === "short" ? (isLive ? "on yesterday" : "in a day") : isLive ? "since yesterday" : "since the day before" },
        { value: value(past.weeksAgo), since: words === "short" ? "in 4 weeks" : "in four weeks" },
    ];
}

function MeasureCell({ column, position, pathway, past }: { column: MeasureColumn; position: Position; pathway: string; past: Past }) {
    const value = position[column.measure];
    const people = PEOPLE[column.measure];
    const text = number(value);
    const isDays = column.measure === "longest" || column.measure === "median";
    return (
        <td role="cell" class="app-live">
            <span class="app-pathways__label">{column.heading}</span>
            <span class="app-pathways__number">
                {people && value ? (
                    <a class="govuk-link govuk-link--no-visited-state govuk-link--no-underline" href={peopleLink({ pathway, ...people })}>
                        {text}
                    </a>
                ) : (
                    text
                )}
                {isDays && value !== null && <span class="app-figure__unit"> {value === 1 ? "day" : "days"}</span>}
            </span>
            {past.yesterday &&
                past.weeksAgo &&
                value !== null &&
                befores(past, (earlier) => earlier.of(pathway)?.[column.measure] ?? null, "short").map((before) => (
                    <ChangeLine key={before.since} now={value} before={before} more={column.more} fewer={column.fewer} compact />
                ))}
        </td>
    );
}

function trendOf(series: SeriesReply | null, pathway: string, day: string, position: Position): SparkPoint[] {
    if (!series) return [];
    const days = [...new Set(series.totals.map((row) => row.day))];
    const rows = new Map(series.rows.filter((row) => row.keys.pathway === pathway).map((row) => [row.day, row.position]));
    const points = days.map((each) => ({ day: each, waiting: rows.get(each)?.waiting ?? 0, breach: rows.get(each)?.breach ?? 0 }));
    return [...points, { day, waiting: position.waiting, breach: position.breach }];
}

function PathwayRow({ pathway, positions, position, past }: { pathway: string; positions: Positions; position: Position; past: Past }) {
    const names = useNames();
    const points = useMemo(() => trendOf(past.series, pathway, positions.day, position), [past.series, pathway, positions.day, position.waiting, position.breach]);
    return (
        <tr role="row">
            <th role="rowheader" scope="row" class="app-pathways__name">
                <a class="govuk-link govuk-link--no-visited-state" href={link("/queue", { pathway })}>
                    {names.pathway(pathway)}
                </a>
                <span class="app-pathways__standard">Standard: {names.standard(pathway)}</span>
            </th>
            {COLUMNS.map((column) => (
                <MeasureCell key={column.measure} column={column} position={position} pathway={pathway} past={past} />
            ))}
            <td role="cell" class="app-pathways__trend">
                <Spark title={`${names.pathway(pathway)}, the last ${WEEKS} weeks`} points={points} />
            </td>
        </tr>
    );
}

/** The council's own order; what it does not list comes behind. */
function inOrder<Row extends { keys: Keys }>(rows: readonly Row[], listed: readonly { value: string }[]): Row[] {
    const place = new Map(listed.map((each, index) => [each.value, index]));
    const of = (row: Row) => place.get(row.keys.pathway ?? "") ?? listed.length;
    return [...rows].sort((a, b) => of(a) - of(b));
}

function Pathways({ positions, past }: { positions: Positions; past: Past }) {
    const names = useNames();
    const rows = inOrder(positions.rows, names.pathways);
    if (rows.length === 0) return <Empty>Nobody is waiting here.</Empty>;
    return (
        <>
            <Legend
                entries={[
                    { mark: "line", label: "waiting" },
                    { mark: "line-over", label: "of them over standard" },
                ]}
            />
            <table class="app-pathways" role="table" aria-label="Pathways">
                <thead role="rowgroup">
                    <tr role="row">
                        <th role="columnheader" scope="col">
                            Waiting for
                        </th>
                        {COLUMNS.map((column) => (
                            <th role="columnheader" scope="col" key={column.measure}>
                                <DefinitionLink of={column.definition}>{column.heading}</DefinitionLink>
                            </th>
                        ))}
                        <th role="columnheader" scope="col">
                            Last {WEEKS} weeks
                        </th>
                    </tr>
                </thead>
                <tbody role="rowgroup">
                    {rows.map((row) => (
                        <PathwayRow key={row.keys.pathway} pathway={row.keys.pathway!} position={row.position} positions={positions} past={past} />
                    ))}
                </tbody>
            </table>
            <TrendTable rows={rows} past={past} day={positions.day} />
        </>
    );
}

function TrendTable({ rows, past, day }: { rows: Positions["rows"]; past: Past; day: string }) {
    const names = useNames();
    if (!past.series) return null;
    const days = [...new Set(past.series.totals.map((row) => row.day)), day];
    const table = rows.map((row) => {
        const points = trendOf(past.series, row.keys.pathway!, day, row.position);
        return [names.pathway(row.keys.pathway!), ...points.map((point) => `${number(point.waiting)} (${number(point.breach)})`)];
    });
    return (
        <div class="app-trend-table">
            <Details summary="Show the last 13 weeks as a table">
                <p class="govuk-body-s">Waiting at the end of each day, and in brackets how many of them over standard.</p>
                <div class="app-table-scroll" tabIndex={0} role="region" aria-label="The last 13 weeks">
                    <PlainTable caption="Waiting and over standard by week" head={["Pathway", ...days.map(shortDay)]} rows={table} />
                </div>
            </Details>
        </div>
    );
}

function Totals({ positions, past }: { positions: Positions; past: Past }) {
    const { total } = positions;
    const before = (measure: "waiting" | "breach" | "due" | "no_contact") => befores(past, (earlier) => earlier.total[measure], "long");
    return (
        <Figures>
            <Figure label="Waiting" definition="waiting" value={total.waiting} before={before("waiting")} href={peopleLink({ pathway: null })} />
            <Figure
                label="Over standard"
                definition="breach"
                value={total.breach}
                emphasis
                before={before("breach")}
                href={peopleLink({ pathway: null, breach: "true" })}
                note={`${percent(total.breach, total.waiting)} of those waiting`}
            />
            <Figure label="Due this week" definition="due" value={total.due} before={before("due")} href={peopleLink({ pathway: null, due: "true" })} />
            <Figure
                label="No contact in time"
                definition="no_contact"
                value={total.no_contact}
                before={before("no_contact")}
                href={peopleLink({ pathway: null, no_contact: "true" })}
            />
        </Figures>
    );
}

function basisWords(past: Past): ComponentChildren {
    const bases = [past.yesterday?.basis, past.weeksAgo?.basis, past.series?.basis].filter(Boolean);
    if (bases.length === 0) return null;
    if (bases.every((basis) => basis === "reported")) return "Earlier figures are as they were reported at the end of each day.";
    if (bases.every((basis) => basis === "known")) return "Earlier figures are as known now, with what was recorded later.";
    return "Earlier figures are as they were reported at the end of each day where there is a report, and otherwise as known now.";
}

// --- the last hour ---

const HOUR_MS = 3_600_000;
const MINUTE_MS = 60_000;
/** Each answer counts the whole history: a page asks no oftener, however fast the daemon's clock goes. */
const HOUR_EVERY_MS = 30_000;

const KINDS: readonly { of: keyof Flow; one: string; many: string }[] = [
    { of: "started", one: "started waiting", many: "started waiting" },
    { of: "completed", one: "completed", many: "completed" },
    { of: "closed", one: "closed", many: "closed" },
    { of: "reopened", one: "reopened", many: "reopened" },
    { of: "transferred_in", one: "moved team", many: "moved team" },
    { of: "contacts", one: "contact made", many: "contacts made" },
];

export function hourWords(now: Flow, before: Flow | undefined): string[] {
    return KINDS.flatMap(({ of, one, many }) => {
        const amount = (now[of] as number) - ((before?.[of] as number | undefined) ?? 0);
        if (amount === 0) return [];
        const words = `${number(Math.abs(amount))} ${Math.abs(amount) === 1 ? one : many}`;
        return [amount > 0 ? words : `${words}, taken back`];
    });
}

function changesOf(now: FlowReply, before: FlowReply): { keys: Keys; words: string[] }[] {
    const earlier = new Map(before.rows.map((row) => [row.keys.pathway!, row.flow]));
    const changes = now.rows.map((row) => ({ keys: row.keys, words: hourWords(row.flow, earlier.get(row.keys.pathway!)) }));
    return changes.filter((row) => row.words.length > 0);
}

interface Minute {
    at: number;
    /** The day that is open then. */
    day: string;
    askedAt: number;
}

/**
 * The minute that is full by the daemon's clock, not by this computer's. All pages ask about the same minutes, which the gateway answers
 * with one question to the daemon. A minute that is asked about stays until `isAnswered`: by a clock that is driven faster than answers
 * come, the question would otherwise always be left for the next one.
 */
function useMinute(day: string, isAnswered: () => boolean): Minute | null {
    const newest = useLive((state) => (state.heartbeat ? Math.floor(Date.parse(state.heartbeat.now) / MINUTE_MS) * MINUTE_MS : null));
    const minute = useRef<Minute | null>(null);
    const before = minute.current;
    if (newest !== null && newest !== before?.at && (before === null || (Date.now() - before.askedAt >= HOUR_EVERY_MS && isAnswered()))) {
        minute.current = { at: newest, day, askedAt: Date.now() };
    }
    return minute.current;
}

function LastHour({ day, team }: { day: string; team: string | null }) {
    const names = useNames();
    const isAnswered = useRef(false);
    const minute = useMinute(day, () => isAnswered.current);
    const at = (instant: number) => new Date(instant).toISOString();
    const question = minute && { from: names.epoch, to: minute.day, group_by: ["pathway"], team };
    const now = useAnswer("flow", question && { ...question, known_at: at(minute.at) }, ONCE);
    const before = useAnswer("flow", question && { ...question, known_at: at(minute.at - HOUR_MS) }, ONCE);
    isAnswered.current = now.status !== "loading" && before.status !== "loading";
    // The question changes each minute; what was said before stays until the new answer is there.
    const [shown, setShown] = useState<{ since: string; until: string; changes: ReturnType<typeof changesOf> } | null>(null);
    useEffect(() => {
        if (now.status === "ready" && before.status === "ready" && minute !== null)
            setShown({ since: at(minute.at - HOUR_MS), until: at(minute.at), changes: changesOf(now.reply, before.reply) });
    }, [now, before, minute]);
    const failed = now.status === "failed" ? now : before.status === "failed" ? before : null;
    if (failed && !shown) return <Loaded answer={failed}>{() => null}</Loaded>;
    if (!shown) return <Loading what="Looking at the last hour" />;
    if (shown.changes.length === 0) return <Empty>Nothing was recorded from {clock(shown.since, names.timeZone)} to {clock(shown.until, names.timeZone)}.</Empty>;
    return (
        <>
            <p class="govuk-body">
                From {clock(shown.since, names.timeZone)} to {clock(shown.until, names.timeZone)}:
            </p>
            <ul class="app-hour app-live">
                {inOrder(shown.changes, names.pathways).map((row) => (
                    <li key={row.keys.pathway} class="app-hour__row">
                        <span class="app-hour__name">{names.pathway(row.keys.pathway!)}</span> <span>{row.words.join(", ")}</span>
                    </li>
                ))}
            </ul>
        </>
    );
}

export default function Overview() {
    const view = useView();
    const names = useNames();
    const answer = usePositionsBy(view, { by: "pathway", pathway: null, team: view.team });
    const day = answer.status === "ready" ? answer.reply.day : null;
    const past = usePast(view, day);
    return (
        <>
            <PageTitle title="Overview" caption={view.team ? names.team(view.team) : "All teams"}>
                <LiveMark />
            </PageTitle>
            <Chooser />
            <Loaded answer={answer} what="Counting who is waiting">
                {(positions) => (
                    <>
                        <Section title={view.asAt ? `Waiting at the end of ${longDay(view.asAt)}` : "Waiting now"} about={basisWords(past)}>
                            <Totals positions={positions} past={past} />
                        </Section>
                        <Section title={`By what people wait for`} about={`${plural(positions.rows.length, "pathway", "pathways")}; each name leads to its queue${may("manager") ? ", each number to its people" : ""}.`}>
                            <Pathways positions={positions} past={past} />
                        </Section>
                        {view.live && (
                            <Section title="Recorded in the last hour" about="What has come from the case management system in the hour up to the last full minute, whenever it happened.">
                                <LastHour key={view.team} day={positions.day} team={view.team} />
                            </Section>
                        )}
                    </>
                )}
            </Loaded>
        </>
    );
}
