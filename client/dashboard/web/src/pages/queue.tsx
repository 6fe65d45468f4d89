// Queue: one pathway, of one team or all: how long its people wait, how it moves, and by priority and risk whose turn it is.
import { useMemo } from "preact/hooks";
import { dayOfView, here, peopleLink, useAddress, useView, type View } from "../address";
import type { Position, SummaryReply } from "../api/types";
import { DistributionChart, FlowChart, MovementCharts, movement, restatedWords } from "../charts/queue";
import { Chooser, LiveMark } from "../components/chooser";
import { DefinitionLink, Figure, Figures, MeaningsLink, type Before } from "../components/figure";
import { PageTitle, Section } from "../components/page";
import { RiskMatrix } from "../components/risk-matrix";
import { Empty, Loaded, Loading } from "../components/states";
import { SortableTable, type Column } from "../components/table";
import { useAnswer, type Follow, type Group } from "../live/hooks";
import { useEarlier, usePosition, usePositionsBy, useSeries } from "../live/summary";
import { may } from "../me";
import { useNames, type Choice } from "../names";
import { addDays, days, longDay, monday, number, percent } from "../text/format";

const WEEKS = 13;
/** Charts are drawn again this often at most; the figures above them are live. */
const CHART_MS = 5000;
/** What is counted over the whole history, for hundreds of open pages. */
const HISTORY_MS = 120_000;

interface Queue {
    view: View;
    pathway: string;
    team: string | null;
    follow: Follow | null;
}

function KeyFigures({ queue, day, position }: { queue: Queue; day: string; position: Position }) {
    const { view, pathway, team } = queue;
    const basis = view.asAt !== null && view.basis === "known" ? "known" : "reported";
    const yesterday = useEarlier(addDays(day, -1), basis, null, pathway, team);
    const weeksAgo = useEarlier(addDays(day, -28), basis, null, pathway, team);
    const before = (measure: keyof Position): Before[] => [
        { value: yesterday ? (yesterday.total[measure] as number | null) : null, since: view.live ? "since yesterday" : "since the day before" },
        { value: weeksAgo ? (weeksAgo.total[measure] as number | null) : null, since: "in four weeks" },
    ];
    const people = (filter: Record<string, string>) => peopleLink({ pathway, ...filter });
    const { waiting } = position;
    return (
        <Figures many>
            <Figure label="Waiting" definition="waiting" value={waiting} compact before={before("waiting")} href={people({})} />
            <Figure
                label="Over standard" definition="breach" value={position.breach} emphasis note={`${percent(position.breach, waiting)} of those waiting`}
                compact before={before("breach")} href={people({ breach: "true" })}
            />
            <Figure label="Due this week" definition="due" value={position.due} compact before={before("due")} href={people({ due: "true" })} />
            <Figure label="No contact" definition="no_contact" value={position.no_contact} compact before={before("no_contact")} href={people({ no_contact: "true" })} />
            <Figure label="No worker yet" definition="unallocated" value={position.unallocated} compact before={before("unallocated")} href={people({ stage: "unallocated" })} />
            <Figure label="Longest" definition="longest" value={position.longest} unit="days" compact before={before("longest")} more="longer" fewer="shorter" />
            <Figure label="Median" definition="median" value={position.median} unit="days" compact before={before("median")} more="longer" fewer="shorter" />
        </Figures>
    );
}

function Distribution({ queue }: { queue: Queue }) {
    const { view, pathway, team } = queue;
    const names = useNames();
    const answer = useAnswer("distribution", { pathway, team, ...(view.asAt ? { as_at: view.asAt } : {}) }, queue.follow);
    const unit = names.settings(pathway)?.unit === "working_days" ? "Working days waited" : "Days waited";
    return (
        <Section
            title="How long people have waited"
            about={
                view.basis === "reported"
                    ? "Everybody who waited that day by weeks waited, as known now: by weeks nothing is kept of what was reported."
                    : "Everybody who is waiting, by weeks waited."
            }
        >
            <Loaded answer={answer}>{(reply) => (reply.total.count === 0 ? <Empty>Nobody is waiting.</Empty> : <DistributionChart reply={reply} unit={unit} />)}</Loaded>
        </Section>
    );
}

function Flow({ queue, day }: { queue: Queue; day: string }) {
    const { pathway, team } = queue;
    const answer = useAnswer("flow", { from: addDays(monday(day), -7 * (WEEKS - 1)), to: day, step: "week", pathway, team }, queue.follow && { ...queue.follow, everyMs: HISTORY_MS });
    return (
        <Section title="Started and completed" about={`Each week from Monday, for ${WEEKS} weeks; the last one so far. As known now.`}>
            <Loaded answer={answer}>{(reply) => <FlowChart reply={reply} />}</Loaded>
        </Section>
    );
}

function Movement({ queue, day, position }: { queue: Queue; day: string; position: Position }) {
    const { pathway, team } = queue;
    const from = addDays(day, -7 * WEEKS);
    const reported = useSeries(from, addDays(day, -1), "reported", "day", null, pathway, team);
    const isReported = reported?.basis === "reported";
    const known = useSeries(isReported ? from : null, isReported ? addDays(day, -1) : null, "known", "day", null, pathway, team);
    const moved = useMemo(() => (reported ? movement(reported, isReported ? known : null) : null), [reported, known]);
    return (
        <Section
            title={`The last ${WEEKS} weeks`}
            about={moved && isReported ? `At the end of each day, as it was reported that midnight. ${restatedWords(moved)}` : "At the end of each day."}
        >
            {moved ? (
                <MovementCharts moved={moved} today={{ day, waiting: position.waiting, breach: position.breach }} reported={isReported} />
            ) : (
                <Loading />
            )}
        </Section>
    );
}

const PRIORITIES: Record<string, string> = { "1": "1, highest", "2": "2", "3": "3", "4": "4, lowest", unknown: "Not recorded" };

function groupColumns(name: string, heading: string, words: (group: Group) => string, people: (group: Group, filter?: Record<string, string>) => string | undefined): Column<Group>[] {
    const linked = (group: Group, value: number, filter: Record<string, string>) =>
        value === 0 ? (
            "0"
        ) : (
            <a class="govuk-link govuk-link--no-visited-state" href={people(group, filter)}>
                {number(value)}
            </a>
        );
    return [
        { name, heading, sort: (group) => (group.keys[name] === "unknown" ? null : words(group)), cell: words, rowHeading: true },
        { name: "waiting", heading: "Waiting", numeric: true, sort: (group) => group.position.waiting, cell: (group) => linked(group, group.position.waiting, {}) },
        { name: "breach", heading: "Over standard", numeric: true, sort: (group) => group.position.breach, cell: (group) => linked(group, group.position.breach, { breach: "true" }) },
        { name: "due", heading: "Due this week", numeric: true, sort: (group) => group.position.due, cell: (group) => linked(group, group.position.due, { due: "true" }) },
        {
            name: "no_contact", heading: "No contact in time", numeric: true,
            sort: (group) => group.position.no_contact, cell: (group) => linked(group, group.position.no_contact, { no_contact: "true" }),
        },
        { name: "longest", heading: "Longest", numeric: true, sort: (group) => group.position.longest, cell: (group) => days(group.position.longest) },
        { name: "median", heading: "Median", numeric: true, sort: (group) => group.position.median, cell: (group) => days(group.position.median) },
    ];
}

/** Only pathway, team, district and client group were reported; by other groups a past day is as known now. */
function knownDay(view: View): { as_at?: string } {
    return view.asAt ? { as_at: view.asAt } : {};
}

function Priorities({ queue }: { queue: Queue }) {
    const { view, pathway, team } = queue;
    const answer = useAnswer("summary", { group_by: ["priority"], pathway, team, ...knownDay(view) }, queue.follow);
    const columns = groupColumns(
        "priority",
        "Priority",
        (group) => PRIORITIES[group.keys.priority!] ?? group.keys.priority!,
        (group, filter) => peopleLink({ pathway, priority: group.keys.priority!, ...filter }),
    );
    return (
        <Section title="By priority">
            <Loaded answer={answer}>
                {(reply) => (
                    <SortableTable caption="By priority" captionHidden columns={columns} rows={reply.rows} rowKey={(group) => group.keys.priority!} initial="priority" parameter="priorities" />
                )}
            </Loaded>
            <MeaningsLink />
        </Section>
    );
}

function Risk({ queue }: { queue: Queue }) {
    const { view, pathway, team } = queue;
    const answer = useAnswer("summary", { group_by: ["impact", "likelihood"], pathway, team, ...knownDay(view) }, queue.follow);
    return (
        <Section
            title="By risk"
            about={
                <>
                    How many wait by impact and likelihood. <DefinitionLink of="risk">Risk</DefinitionLink> is one times the other{may("manager") && "; each number leads to its people"}.
                </>
            }
        >
            <Loaded answer={answer}>
                {(reply: SummaryReply) => <RiskMatrix rows={reply.rows} people={(impact, likelihood) => peopleLink({ pathway, impact, likelihood, sort: "-risk" })} />}
            </Loaded>
        </Section>
    );
}

function Teams({ queue, rows }: { queue: Queue; rows: readonly Group[] }) {
    const names = useNames();
    const address = useAddress();
    const columns = groupColumns(
        "team",
        "Team",
        (group) => names.team(group.keys.team!),
        (group, filter) => peopleLink({ pathway: queue.pathway, team: group.keys.team!, ...filter }),
    );
    columns[0]!.cell = (group) => (
        <a class="govuk-link govuk-link--no-visited-state" href={here({ pathway: queue.pathway, team: group.keys.team! }, address)}>
            {names.team(group.keys.team!)}
        </a>
    );
    return (
        <Section title="By team">
            <SortableTable caption="By team" captionHidden columns={columns} rows={rows} rowKey={(group) => group.keys.team!} initial="-waiting" parameter="teams" />
        </Section>
    );
}

function Nobody({ queue }: { queue: Queue }) {
    const names = useNames();
    const address = useAddress();
    const { pathway, team } = queue;
    return (
        <Empty>
            Nobody is waiting for this{team ? ` in ${names.team(team)}` : ""}.{" "}
            {team && (
                <a class="govuk-link" href={here({ pathway, team: "all" }, address)}>
                    Show all teams
                </a>
            )}
        </Empty>
    );
}

function QueueOf({ queue }: { queue: Queue }) {
    const { view, pathway, team } = queue;
    const answer = usePosition(view, pathway, team);
    const teams = usePositionsBy(view, { by: "team", pathway, team: null });
    const names = useNames();
    const isConfigured = names.configuration === null || names.settings(pathway) !== null;
    return (
        <Loaded answer={answer} what="Counting who is waiting">
            {({ day, position }) => position.waiting === 0 && !isConfigured ? <Empty>There is no such pathway. Choose another above.</Empty> : (
                <>
                    <Section title={view.asAt ? `Waiting at the end of ${longDay(view.asAt)}` : "Waiting now"}>
                        {position.waiting === 0 && position.scheduled === 0 ? <Nobody queue={queue} /> : <KeyFigures queue={queue} day={day} position={position} />}
                    </Section>
                    <Distribution queue={queue} />
                    <div class="app-columns">
                        <Flow queue={queue} day={day} />
                        <Movement queue={queue} day={day} position={position} />
                    </div>
                    {position.waiting > 0 && <Priorities queue={queue} />}
                    {position.waiting > 0 && <Risk queue={queue} />}
                    {team === null && teams.status === "ready" && teams.reply.rows.length > 1 && <Teams queue={queue} rows={teams.reply.rows} />}
                </>
            )}
        </Loaded>
    );
}

/** The teams in which somebody waits for this, and the one that is shown. */
function useTeamsOf(pathway: string | null, team: string | null): Choice[] {
    const names = useNames();
    const answer = useAnswer("summary", pathway === null ? null : { group_by: ["team"], pathway });
    const rows = answer.status === "ready" ? answer.reply.rows : null;
    return useMemo(() => {
        const found = new Set((rows ?? []).map((row) => row.keys.team!));
        if (team) found.add(team);
        return [...found].map((value) => ({ value, label: names.team(value) })).sort((a, b) => a.label.localeCompare(b.label, "en-GB"));
    }, [rows, team, names]);
}

/** The pathway of the address; where it names none, that for which most people wait in the team, so that a team's queue is its own. Null until it is known. */
function usePathway(view: View): string | null {
    const names = useNames();
    const isOpen = view.pathway === null && view.team !== null;
    const answer = useAnswer("summary", isOpen ? { group_by: ["pathway"], team: view.team, ...dayOfView(view) } : null);
    if (view.pathway !== null) return view.pathway;
    const first = names.pathways[0]?.value ?? null;
    if (!isOpen || answer.status === "failed") return first;
    if (answer.status === "loading") return null;
    const most = answer.reply.rows.reduce<Group | null>((best, row) => (row.position.waiting > (best?.position.waiting ?? 0) ? row : best), null);
    return most?.keys.pathway ?? first;
}

export default function QueuePage() {
    const view = useView();
    const names = useNames();
    const pathway = usePathway(view);
    const teams = useTeamsOf(pathway, view.team);
    const follow = useMemo<Follow | null>(() => (view.live ? { pathway, team: view.team, everyMs: CHART_MS } : null), [view.live, pathway, view.team]);
    return (
        <>
            <PageTitle title={pathway ? names.pathway(pathway) : "Queue"} caption={view.team ? names.team(view.team) : "All teams"}>
                <LiveMark />
            </PageTitle>
            <Chooser pathway="one" teams={teams} shownPathway={pathway} />
            {pathway && (
                <p class="govuk-body app-standard">
                    <DefinitionLink of="standard">Standard</DefinitionLink>: {names.standard(pathway)}
                    {names.settings(pathway)?.pauses === "exclude" && ", paused days not counted"}.
                </p>
            )}
            {pathway === null ? <Loading /> : <QueueOf key={`${pathway} ${view.team}`} queue={{ view, pathway, team: view.team, follow }} />}
        </>
    );
}

