// Caseloads: how much is waiting for and in progress with each worker, and what no worker has yet, by team.
import { useMemo } from "preact/hooks";
import { here, link, useAddress, useView, type View } from "../address";
import { OnlyTeams } from "../components/access";
import { Bar } from "../components/bar";
import { allTeams, Chooser, LiveMark } from "../components/chooser";
import { Figure, Figures, MeaningsLink } from "../components/figure";
import { PageTitle, Section } from "../components/page";
import { Empty, Loaded } from "../components/states";
import { SortableTable, type Column } from "../components/table";
import { useAnswer, type Group } from "../live/hooks";
import { useNames } from "../names";
import { days, longDay, number } from "../text/format";
import { teamLoads, type TeamLoad } from "../text/caseloads";

const EVERY_MS = 3000;

const FULLEST = 50;

function load(group: Group): number {
    return group.position.allocated + group.position.in_progress;
}

function people(view: View, filter: Record<string, string>): string {
    return link("/people", { pathway: view.pathway, ...filter });
}

function linked(href: string, value: number) {
    return value === 0 ? (
        "0"
    ) : (
        <a class="govuk-link govuk-link--no-visited-state" href={href}>
            {number(value)}
        </a>
    );
}

function Teams({ view, loads }: { view: View; loads: readonly TeamLoad[] }) {
    const names = useNames();
    const most = Math.max(1, ...loads.map((load) => load.perWorker ?? 0));
    const columns: Column<TeamLoad>[] = [
        {
            name: "team", heading: "Team", rowHeading: true, sort: (load) => names.team(load.team),
            cell: (load) => (
                <a class="govuk-link govuk-link--no-visited-state" href={link("/caseloads", { team: load.team })}>
                    {names.team(load.team)}
                </a>
            ),
        },
        {
            name: "unallocated", heading: "No worker yet", numeric: true, sort: (load) => load.unallocated,
            cell: (load) => linked(people(view, { team: load.team, stage: "unallocated" }), load.unallocated),
        },
        {
            name: "allocated", heading: "Allocated", numeric: true, sort: (load) => load.allocated,
            cell: (load) => linked(people(view, { team: load.team, stage: "allocated" }), load.allocated),
        },
        {
            name: "in_progress", heading: "Under way", numeric: true, sort: (load) => load.inProgress,
            cell: (load) => linked(people(view, { team: load.team, stage: "in_progress" }), load.inProgress),
        },
        { name: "workers", heading: "Workers", numeric: true, sort: (load) => load.workers, cell: (load) => number(load.workers) },
        {
            name: "each", heading: "Each has, on average", numeric: true, sort: (load) => load.perWorker,
            cell: (load) =>
                load.perWorker === null ? (
                    "–"
                ) : (
                    <Bar value={load.perWorker} most={most}>
                        {number(load.perWorker)}
                    </Bar>
                ),
        },
    ];
    return <SortableTable caption="Caseloads by team" captionHidden columns={columns} rows={loads} rowKey={(load) => load.team} initial="-unallocated" parameter="teams" />;
}

function Workers({ view, groups }: { view: View; groups: readonly Group[] }) {
    const names = useNames();
    const most = Math.max(1, ...groups.map(load));
    const worker = (group: Group) => group.keys.worker!;
    const columns: Column<Group>[] = [
        {
            name: "worker", heading: "Worker", rowHeading: true, sort: worker,
            cell: (group) => (
                <a class="govuk-link govuk-link--no-visited-state app-reference" href={people(view, { team: group.keys.team!, worker: worker(group) })}>
                    {worker(group)}
                </a>
            ),
        },
        ...(view.team === null ? [{ name: "of", heading: "Team", sort: (group: Group) => names.team(group.keys.team!), cell: (group: Group) => names.team(group.keys.team!) }] : []),
        {
            name: "load", heading: "All", numeric: true, sort: load,
            cell: (group) => (
                <Bar value={load(group)} most={most}>
                    {number(load(group))}
                </Bar>
            ),
        },
        { name: "allocated", heading: "Allocated", numeric: true, sort: (group) => group.position.allocated, cell: (group) => number(group.position.allocated) },
        { name: "in_progress", heading: "Under way", numeric: true, sort: (group) => group.position.in_progress, cell: (group) => number(group.position.in_progress) },
        { name: "breach", heading: "Over standard", numeric: true, sort: (group) => group.position.breach, cell: (group) => number(group.position.breach) },
        { name: "no_contact", heading: "No contact in time", numeric: true, sort: (group) => group.position.no_contact, cell: (group) => number(group.position.no_contact) },
        { name: "longest", heading: "Longest", numeric: true, sort: (group) => group.position.longest, cell: (group) => days(group.position.longest) },
    ];
    return (
        <SortableTable
            caption="Caseloads by worker" captionHidden columns={columns} rows={groups}
            rowKey={(group) => `${group.keys.team} ${worker(group)}`} initial="-load" parameter="workers"
        />
    );
}

/** Of all teams only the fullest caseloads at first: a page of a thousand rows is no overview. */
function SomeWorkers({ view, groups }: { view: View; groups: readonly Group[] }) {
    const address = useAddress();
    const all = view.team !== null || groups.length <= FULLEST || address.query.get("workers_shown") === "all";
    const shown = useMemo(
        () => (all ? groups : [...groups].sort((a, b) => load(b) - load(a)).slice(0, FULLEST)),
        [groups, all],
    );
    return (
        <>
            {!all && (
                <p class="govuk-body">
                    The {FULLEST} fullest caseloads.{" "}
                    <a class="govuk-link" href={here({ workers_shown: "all" }, address)}>
                        Show all {number(groups.length)} workers
                    </a>
                </p>
            )}
            <div class="app-live">
                <Workers view={view} groups={shown} />
            </div>
        </>
    );
}

function Caseload({ view, rows }: { view: View; rows: readonly Group[] }) {
    const loads = useMemo(() => teamLoads(rows), [rows]);
    const workers = useMemo(() => rows.filter((group) => group.keys.worker !== "unknown" && group.position.waiting > 0), [rows]);
    const sum = (of: (load: TeamLoad) => number) => loads.reduce((total, load) => total + of(load), 0);
    if (loads.length === 0) return <Empty>Nobody is waiting here.</Empty>;
    const allocated = sum((load) => load.allocated);
    const inProgress = sum((load) => load.inProgress);
    return (
        <>
            <Section title={view.asAt ? `Work at the end of ${longDay(view.asAt)}` : "Work now"}>
                <Figures>
                    <Figure label="No worker yet" definition="unallocated" value={sum((load) => load.unallocated)} emphasis href={people(view, { stage: "unallocated" })} />
                    <Figure label="Allocated" definition="allocated" value={allocated} note="not started" href={people(view, { stage: "allocated" })} />
                    <Figure label="Under way" definition="in_progress" value={inProgress} href={people(view, { stage: "in_progress" })} />
                    <Figure
                        label="Workers" definition="worker" value={sum((load) => load.workers)}
                        note={sum((load) => load.workers) > 0 ? `${number((allocated + inProgress) / sum((load) => load.workers))} each, on average` : undefined}
                    />
                </Figures>
            </Section>
            {view.team === null && (
                <Section title="By team" about="Only people who are waiting: what is completed has left the caseload.">
                    <div class="app-live">
                        <Teams view={view} loads={loads} />
                    </div>
                </Section>
            )}
            <Section title="By worker" about="Workers are shown by reference. All bars are on one scale.">
                {workers.length === 0 ? <Empty>Nobody has a worker yet.</Empty> : <SomeWorkers view={view} groups={workers} />}
                <MeaningsLink />
            </Section>
        </>
    );
}

export default function Caseloads() {
    const view = useView();
    const names = useNames();
    const answer = useAnswer(
        "summary",
        // By worker nothing is reported; a past day is as known now.
        { group_by: ["team", "worker"], pathway: view.pathway, team: view.team, ...(view.asAt ? { as_at: view.asAt } : {}) },
        view.live ? { pathway: view.team !== null && view.pathway === null ? null : view.pathway, team: view.pathway === null ? null : view.team, everyMs: EVERY_MS } : null,
    );
    return (
        <>
            <PageTitle title="Caseloads" caption={[view.team ? names.team(view.team) : allTeams(true), view.pathway ? names.pathway(view.pathway) : null].filter(Boolean).join(", ")}>
                <LiveMark />
            </PageTitle>
            <Chooser pathway="any" people />
            <Loaded answer={answer} what="Counting caseloads">
                {(reply) => (
                    <>
                        {view.basis === "reported" && <p class="govuk-body">Caseloads are as known now: by worker nothing is kept of what was reported.</p>}
                        {reply.restricted_to && <OnlyTeams teams={reply.restricted_to} />}
                        <Caseload view={view} rows={reply.rows} />
                    </>
                )}
            </Loaded>
        </>
    );
}
