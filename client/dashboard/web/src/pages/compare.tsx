// Compare: teams or districts side by side, every column on one scale, and how the share over the standard has moved in each.
import { useMemo } from "preact/hooks";
import { dayOfView, here, link, peopleLink, useAddress, useView, type View } from "../address";
import type { Position, SeriesReply } from "../api/types";
import { Multiples, type Multiple } from "../charts/multiples";
import { Bar } from "../components/bar";
import { Chooser, LiveMark } from "../components/chooser";
import { MeaningsLink } from "../components/figure";
import { PageTitle, Section } from "../components/page";
import { Empty, Loaded, Loading } from "../components/states";
import { SubNavigation } from "../components/sub-navigation";
import { SortableTable, type Column } from "../components/table";
import { useAnswer, type Group } from "../live/hooks";
import { useEarlier, useSeries, type Earlier } from "../live/summary";
import { useNames, type Names } from "../names";
import { addDays, change, longDay, number } from "../text/format";

type By = "team" | "district";

const WEEKS = 13;

function share(position: Position): number | null {
    return position.waiting === 0 ? null : Math.round((100 * position.breach) / position.waiting);
}

function nameOf(names: Names, by: By, key: string): string {
    if (key === "unknown") return by === "team" ? "No team" : "No district recorded";
    return by === "team" ? names.team(key) : names.district(key);
}

function placeLink(by: By, key: string, view: View): string | undefined {
    if (by === "team") return view.pathway ? link("/queue", { team: key }) : link("/", { team: key });
    return peopleLink({ team: "all", district: key });
}

function columnsOf(names: Names, by: By, view: View, rows: readonly Group[], weeksAgo: Earlier | null): Column<Group>[] {
    const most = Math.max(1, ...rows.map((row) => row.position.waiting));
    const key = (row: Group) => row.keys[by]!;
    const isChosen = (row: Group) => by === "team" && key(row) === view.team;
    const count = (name: keyof Position, heading: string): Column<Group> => ({
        name, heading, numeric: true, sort: (row) => row.position[name] as number | null, cell: (row) => number(row.position[name] as number | null),
    });
    const moved = (row: Group) => (weeksAgo ? change(row.position.waiting, weeksAgo.of(key(row))?.waiting) : null);
    return [
        {
            name: by, heading: by === "team" ? "Team" : "District", rowHeading: true, sort: (row) => nameOf(names, by, key(row)),
            cell: (row) => (
                <>
                    <a class="govuk-link govuk-link--no-visited-state" href={placeLink(by, key(row), view)}>
                        {nameOf(names, by, key(row))}
                    </a>
                    {isChosen(row) && <span class="app-table__mark">Chosen team</span>}
                </>
            ),
        },
        {
            name: "waiting", heading: "Waiting", numeric: true, sort: (row) => row.position.waiting,
            cell: (row) => (
                <Bar value={row.position.waiting} most={most}>
                    {number(row.position.waiting)}
                </Bar>
            ),
        },
        {
            name: "share", heading: "Share over standard", numeric: true, sort: (row) => (row.position.waiting === 0 ? null : row.position.breach / row.position.waiting),
            cell: (row) => (
                <Bar value={share(row.position) ?? 0} most={100} over>
                    {share(row.position) ?? "–"}%
                </Bar>
            ),
        },
        count("breach", "Over standard"),
        count("due", "Due this week"),
        count("no_contact", "No contact in time"),
        count("unallocated", "No worker yet"),
        count("longest", "Longest, days"),
        count("median", "Median, days"),
        {
            name: "moved", heading: "In four weeks", numeric: true, sort: (row) => moved(row)?.amount ?? null,
            cell: (row) => {
                const made = moved(row);
                if (!made) return "–";
                return (
                    <span class="app-nowrap">
                        <span aria-hidden="true">
                            {made.arrow} {number(Math.abs(made.amount))}
                        </span>
                        <span class="govuk-visually-hidden">{made.words}</span>
                    </span>
                );
            },
        },
    ];
}

function multiplesOf(names: Names, by: By, view: View, rows: readonly Group[], series: SeriesReply, day: string): Multiple[] {
    const ends = [...new Set(series.totals.map((row) => row.day))];
    const of = new Map(series.rows.map((row) => [`${row.keys[by]} ${row.day}`, row.position]));
    return [...rows]
        .sort((a, b) => b.position.waiting - a.position.waiting)
        .map((row) => {
            const key = row.keys[by]!;
            const points = ends.map((end) => {
                const position = of.get(`${key} ${end}`);
                return { day: end, share: position ? share(position) : null };
            });
            return { key, label: nameOf(names, by, key), href: placeLink(by, key, view), points: [...points, { day, share: share(row.position) }] };
        });
}

function Total({ total }: { total: Position }) {
    return (
        <tr class="govuk-table__row">
            <th scope="row" class="govuk-table__header">
                All
            </th>
            {[number(total.waiting), `${share(total) ?? "–"}%`, number(total.breach), number(total.due), number(total.no_contact), number(total.unallocated), number(total.longest), number(total.median), ""].map(
                (text, index) => (
                    <td key={index} class="govuk-table__cell govuk-table__cell--numeric">
                        {text}
                    </td>
                ),
            )}
        </tr>
    );
}

function Comparison({ by, view, rows, total, day }: { by: By; view: View; rows: readonly Group[]; total: Position; day: string }) {
    const names = useNames();
    const basis = view.asAt !== null && view.basis === "known" ? "known" : "reported";
    const weeksAgo = useEarlier(addDays(day, -28), basis, by, view.pathway, null);
    const series = useSeries(addDays(day, -7 * WEEKS), addDays(day, -1), basis, "week", by, view.pathway, null);
    const waiting = useMemo(() => rows.filter((row) => row.position.waiting > 0), [rows]);
    const columns = useMemo(() => columnsOf(names, by, view, waiting, weeksAgo), [names, by, view.pathway, view.team, view.asAt, waiting, weeksAgo]);
    const multiples = useMemo(() => (series ? multiplesOf(names, by, view, waiting, series, day) : null), [names, by, view.pathway, view.asAt, waiting, series, day]);
    const what = by === "team" ? "Teams" : "Districts";
    if (waiting.length === 0) return <Empty>Nobody is waiting.</Empty>;
    return (
        <>
            <Section title={`${what} side by side`} about="The bars of a column are on one scale. Choose a heading to sort by it; the order is kept in the address.">
                <div class="app-live">
                    <SortableTable caption={`${what} side by side`} captionHidden columns={columns} rows={waiting} rowKey={(row) => row.keys[by]!} isMarked={(row) => by === "team" && row.keys.team === view.team} initial="-waiting" footer={<Total total={total} />} />
                </div>
                <MeaningsLink />
            </Section>
            <Section title="Share over the standard, last 13 weeks" about="Of those waiting at the end of each week, how many had waited longer than the standard. All charts have the same scale.">
                {multiples ? <Multiples caption="Share over the standard by week" multiples={multiples} /> : <Loading />}
            </Section>
        </>
    );
}

export default function Compare() {
    const address = useAddress();
    const view = useView();
    const names = useNames();
    const by: By = address.query.get("by") === "district" ? "district" : "team";
    const answer = useAnswer(
        "summary",
        { group_by: [by], pathway: view.pathway, ...dayOfView(by === "district" && view.pathway === null ? { ...view, basis: "known" } : view) },
        view.live ? { pathway: view.pathway, team: null } : null,
    );
    return (
        <>
            <PageTitle title="Compare" caption={view.pathway ? names.pathway(view.pathway) : "Everything people wait for"}>
                <LiveMark />
            </PageTitle>
            <Chooser pathway="any" team={false} />
            <SubNavigation
                label="What is compared"
                pages={[
                    { label: "Teams", href: here({ by: null, order: null }, address), current: by === "team" },
                    { label: "Districts", href: here({ by: "district", order: null }, address), current: by === "district" },
                ]}
            />
            <Loaded answer={answer} what="Counting who is waiting">
                {(reply) => (
                    <>
                        {view.asAt && <p class="govuk-body">At the end of {longDay(view.asAt)}.</p>}
                        <Comparison by={by} view={view} rows={reply.rows} total={reply.total} day={reply.as_at} />
                    </>
                )}
            </Loaded>
        </>
    );
}
