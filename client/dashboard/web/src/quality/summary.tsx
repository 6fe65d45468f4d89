// The figures of data quality: contradictions, refusals, lateness, completeness, unknown values, the same person twice.
import { here, link, useAddress, type Address } from "../address";
import type { DataQualityReply, Filled } from "../api/types";
import { Figure, Figures } from "../components/figure";
import { Section } from "../components/page";
import { Empty } from "../components/states";
import { SortableTable, type Column } from "../components/table";
import { useNames, type Names } from "../names";
import { sourceName } from "../text/feeds";
import { humanise, number, plural } from "../text/format";
import { filledWords } from "../text/quality";

const PEOPLE_SHOWN = 100;
/** Below this a share stands out. */
const LOW_PERCENT = 90;

/** The address of a list of what is wrong. */
function listed(address: Address, changes: Record<string, string | null>): string {
    return here({ part: "exceptions", kind: null, code: null, source: null, cursor: null, from: null, known_at: null, period: null, ...changes }, address);
}

function Counts({ reply }: { reply: DataQualityReply }) {
    const address = useAddress();
    const late = reply.lateness.over_14_days_percent;
    return (
        <Figures>
            <Figure label="Contradictions" definition="exception" value={reply.exceptions.count} href={listed(address, {})} note="records without effect" />
            <Figure label="Refused records" definition="quarantine" value={reply.quarantine.count} href={here({ part: "refused", period: null }, address)} note="waiting for somebody" />
            <Figure
                label="Recorded late"
                definition="late"
                value={reply.lateness.over_14_days}
                note={late === null ? null : `over 14 days: ${number(late)}% of records`}
                href={listed(address, { kind: "warning", code: "backdated" })}
            />
            <Figure label="Unknown values" definition="unknown_value" value={reply.unknown_values.count} href={listed(address, { kind: "warning", code: "unknown_value" })} />
            <Figure label="Same person twice" definition="same_person" value={reply.same_person_twice.count} href={listed(address, { kind: "warning", code: "same_person_twice" })} />
        </Figures>
    );
}

type SourceRow = DataQualityReply["sources"][number];

function sourceColumns(address: Address): Column<SourceRow>[] {
    return [
        { name: "source", heading: "Source", sort: (row) => sourceName(row.source), cell: (row) => sourceName(row.source), rowHeading: true },
        { name: "events", heading: "Records", sort: (row) => row.events, cell: (row) => number(row.events), numeric: true },
        { name: "median", heading: "Median days late", sort: (row) => row.lateness.median, cell: (row) => number(row.lateness.median), numeric: true },
        { name: "p90", heading: "9 in 10 within", sort: (row) => row.lateness.p90, cell: (row) => (row.lateness.p90 === null ? "–" : plural(row.lateness.p90, "day", "days")), numeric: true },
        {
            name: "late",
            heading: "Over 14 days",
            sort: (row) => row.lateness.over_14_days,
            cell: (row) => `${number(row.lateness.over_14_days)}${row.lateness.over_14_days_percent === null ? "" : ` (${number(row.lateness.over_14_days_percent)}%)`}`,
            numeric: true,
        },
        { name: "retracted", heading: "Taken back", sort: (row) => row.retracted, cell: (row) => number(row.retracted), numeric: true },
        {
            name: "exceptions",
            heading: "Contradictions",
            sort: (row) => row.exceptions.count,
            cell: (row) =>
                row.exceptions.count === 0 ? (
                    "0"
                ) : (
                    <a class="govuk-link govuk-link--no-visited-state" href={listed(address, { source: row.source })}>
                        {number(row.exceptions.count)}
                    </a>
                ),
            numeric: true,
        },
    ];
}

function Lateness({ reply }: { reply: DataQualityReply }) {
    const address = useAddress();
    return (
        <Section title="How late records come" about="Days from the day on which something happened to the day on which it was recorded here. A late record changes figures of days that are over.">
            {reply.sources.length === 0 ? (
                <Empty>Nothing was recorded in this time.</Empty>
            ) : (
                <SortableTable caption="Lateness by source" captionHidden columns={sourceColumns(address)} rows={reply.sources} rowKey={(row) => row.source} initial="-events" />
            )}
        </Section>
    );
}

const FIELDS: readonly (readonly [string, string])[] = [
    ["district", "District"],
    ["client_group", "Client group"],
    ["priority", "Priority"],
    ["impact", "Impact"],
    ["likelihood", "Likelihood"],
    ["clock_start", "Clock start given"],
    ["worker", "Worker, once allocated"],
];

type CompleteRow = DataQualityReply["completeness"][number];

function completeColumns(names: Names, dimensions: readonly string[]): Column<CompleteRow>[] {
    const percent = (of: (row: CompleteRow) => Filled | undefined, name: string, heading: string): Column<CompleteRow> => ({
        name,
        heading,
        sort: (row) => of(row)?.percent ?? null,
        // A clock start need not be given: without one the day of the referral counts.
        cell: (row) => <span class={name !== "clock_start" && (of(row)?.percent ?? 100) < LOW_PERCENT ? "app-quality__low" : ""}>{filledWords(of(row))}</span>,
        numeric: true,
    });
    return [
        { name: "pathway", heading: "Waiting for", sort: (row) => names.pathway(row.pathway ?? ""), cell: (row) => names.pathway(row.pathway ?? ""), rowHeading: true },
        { name: "waits", heading: "Waits", sort: (row) => row.waits, cell: (row) => number(row.waits), numeric: true },
        ...FIELDS.map(([name, heading]) => percent((row) => row.fields[name], name, heading)),
        ...dimensions.map((name) => percent((row) => row.dimensions[name], `dimension.${name}`, humanise(name))),
    ];
}

function Completeness({ reply }: { reply: DataQualityReply }) {
    const names = useNames();
    const all = reply.completeness.find((row) => row.pathway === null);
    const rows = reply.completeness.filter((row) => row.pathway !== null);
    const dimensions = Object.keys(all?.dimensions ?? {});
    const columns = completeColumns(names, dimensions);
    return (
        <Section title="How complete records are" about="In how many of the waits a value is recorded. What is missing counts as “not recorded” in every figure by that value.">
            {rows.length === 0 ? (
                <Empty>Nobody was referred in this time.</Empty>
            ) : (
                <SortableTable
                    caption="Completeness by what people wait for"
                    captionHidden
                    columns={columns}
                    rows={rows}
                    rowKey={(row) => row.pathway!}
                    initial="pathway"
                    parameter="completeness"
                    footer={
                        all && (
                            <tr class="govuk-table__row">
                                <th scope="row" class="govuk-table__header">
                                    All
                                </th>
                                {columns.slice(1).map((column) => (
                                    <td key={column.name} class="govuk-table__cell govuk-table__cell--numeric">
                                        {column.cell(all)}
                                    </td>
                                ))}
                            </tr>
                        )
                    }
                />
            )}
        </Section>
    );
}

function UnknownValues({ reply }: { reply: DataQualityReply }) {
    const address = useAddress();
    const { rows, distinct, count } = reply.unknown_values;
    const columns: Column<(typeof rows)[number]>[] = [
        { name: "value", heading: "Value", sort: (row) => row.value, cell: (row) => row.value, rowHeading: true },
        { name: "field", heading: "Where", sort: (row) => row.field, cell: (row) => humanise(row.field.replace(/^dimension\./, "")) },
        { name: "count", heading: "Records", sort: (row) => row.count, cell: (row) => number(row.count), numeric: true },
    ];
    return (
        <Section title="Unknown values" about="Teams, districts, groups and values that came and that the council’s configuration does not list. They count, under the name that came.">
            {rows.length === 0 ? (
                <Empty>There are none.</Empty>
            ) : (
                <>
                    <SortableTable caption="Unknown values" captionHidden columns={columns} rows={rows} rowKey={(row) => `${row.field}=${row.value}`} initial="-count" parameter="unknown" />
                    <p class="govuk-body-s">
                        <a class="govuk-link" href={listed(address, { kind: "warning", code: "unknown_value" })}>
                            Show the {plural(count, "record", "records")}
                        </a>
                        {distinct > rows.length && ` Only the ${number(rows.length)} most frequent of ${number(distinct)} values are shown.`}
                    </p>
                </>
            )}
        </Section>
    );
}

function SamePerson({ reply }: { reply: DataQualityReply }) {
    const names = useNames();
    const { rows, count } = reply.same_person_twice;
    return (
        <Section title="The same person twice" about="One person with two open waits for the same thing: one of them may be a duplicate, to be closed as such.">
            {rows.length === 0 ? (
                <Empty>There is nobody.</Empty>
            ) : (
                <>
                    <ul class="govuk-list govuk-list--spaced">
                        {rows.slice(0, PEOPLE_SHOWN).map((row) => (
                            <li key={row.subject}>
                                <a class="govuk-link" href={link("/wait", { subject: row.subject })}>
                                    {row.subject}
                                </a>{" "}
                                and{" "}
                                <a class="govuk-link" href={link("/wait", { subject: row.first_subject })}>
                                    {row.first_subject}
                                </a>
                                <span class="app-people__note">{names.pathway(row.pathway)}</span>
                            </li>
                        ))}
                    </ul>
                    {count > PEOPLE_SHOWN && <p class="govuk-body-s">The first {number(PEOPLE_SHOWN)} of {number(count)}.</p>}
                </>
            )}
        </Section>
    );
}

const PERIODS = [
    { days: null, label: "All time" },
    { days: "7", label: "Last 7 days" },
    { days: "28", label: "Last 28 days" },
    { days: "91", label: "Last 13 weeks" },
];

/** Which days of arrival count. */
export function Periods({ period }: { period: string | null }) {
    const address = useAddress();
    return (
        <p class="govuk-body app-quality__periods">
            Recorded in:{" "}
            {PERIODS.map((each) => (
                <a key={each.label} class="govuk-link govuk-link--no-visited-state" href={here({ period: each.days }, address)} aria-current={each.days === period ? "true" : undefined}>
                    {each.label}
                </a>
            ))}
        </p>
    );
}

export function QualitySummary({ reply, period }: { reply: DataQualityReply; period: string | null }) {
    const left = Object.values(reply.excluded).reduce((sum, count) => sum + count, 0);
    return (
        <>
            <Section title="What needs a look" about="Of the whole council. Each number leads to its records.">
                <Counts reply={reply} />
                <p class="govuk-body-s app-quality__also">
                    {plural(reply.without_referral, "wait has", "waits have")} records but no referral yet, and {left === 1 ? "1 is" : `${number(left)} are`} left out of every count, as a duplicate or
                    recorded in error (
                    <a class="govuk-link govuk-link--no-visited-state" href={`${link("/definitions")}#excluded`}>
                        what this means
                    </a>
                    ).
                    {period === null && " An import of older history counts as late here: choose a shorter time to see what comes now."}
                </p>
            </Section>
            <Lateness reply={reply} />
            <Completeness reply={reply} />
            <div class="app-columns">
                <UnknownValues reply={reply} />
                <SamePerson reply={reply} />
            </div>
        </>
    );
}
