// The sources of records: when each was heard of last, and which are silent although they should not be.
import type { Health, Source } from "../api/types";
import { Section } from "../components/page";
import { Empty, Loaded } from "../components/states";
import { SortableTable, type Column } from "../components/table";
import { Tag } from "../components/tags";
import { useEvery } from "../live/fresh";
import { useAnswer } from "../live/hooks";
import { useNames, type Names } from "../names";
import { isSilent, reasonWords, sourceName } from "../text/feeds";
import { age, humanise, moment, number } from "../text/format";

const EVERY_MS = 15_000;

function Ago({ instant, now, zone }: { instant: string | null; now: string; zone: string }) {
    if (instant === null) return <>Never</>;
    return (
        <>
            <time dateTime={instant}>{moment(instant, zone)}</time>
            <span class="app-people__note">{age(Date.parse(now) - Date.parse(instant))} ago</span>
        </>
    );
}

/** "after 240 minutes within Mon-Fri 09:00-17:00" */
function watchWords(source: Source, names: Names): string {
    const settings = names.configuration?.sources.find((each) => each.name === source.source);
    if (!settings || settings.silence_minutes === 0) return "Not watched";
    return `After ${number(settings.silence_minutes)} minutes${settings.hours ? `, ${settings.hours}` : ""}`;
}

function columnsOf(health: Health, names: Names): Column<Source>[] {
    const silent = (source: Source) => isSilent(source, names.configuration, health.now);
    return [
        { name: "source", heading: "Source", sort: (row) => sourceName(row.source), cell: (row) => sourceName(row.source), rowHeading: true },
        {
            name: "state",
            heading: "State",
            sort: (row) => (silent(row) ? 0 : 1),
            cell: (row) => (silent(row) ? <Tag colour="red">Silent</Tag> : row.last_received === null ? <Tag colour="grey">Never yet</Tag> : <Tag colour="green">Sending</Tag>),
        },
        { name: "received", heading: "Last record received", sort: (row) => row.last_received, cell: (row) => <Ago instant={row.last_received} now={health.now} zone={names.timeZone} /> },
        { name: "happened", heading: "What it told last happened", sort: (row) => row.last_event, cell: (row) => <Ago instant={row.last_event} now={health.now} zone={names.timeZone} /> },
        { name: "events", heading: "Records", sort: (row) => row.events, cell: (row) => number(row.events), numeric: true },
        { name: "watch", heading: "Counts as silent", cell: (row) => watchWords(row, names) },
    ];
}

export function Feeds() {
    const names = useNames();
    const answer = useAnswer("health", {});
    useEvery(answer, EVERY_MS);
    return (
        <Loaded answer={answer} what="Asking after the sources">
            {(health) => {
                const reasons = health.reasons.map(reasonWords).filter((words) => words !== null);
                return (
                    <>
                        <Section title="Sources" about="The systems that send records. When one falls silent, what has happened there since is missing from every figure.">
                            {health.sources.length === 0 ? (
                                <Empty>Nothing has been received yet.</Empty>
                            ) : (
                                <SortableTable caption="Sources of records" captionHidden columns={columnsOf(health, names)} rows={health.sources} rowKey={(row) => row.source} initial="source" />
                            )}
                        </Section>
                        <Section title={health.status === "ok" ? "The service is well" : "The service needs a look"}>
                            {reasons.length === 0 ? (
                                <p class="govuk-body">{health.status === "ok" ? "It takes and keeps everything that is sent." : "A source is silent."}</p>
                            ) : (
                                <ul class="govuk-list govuk-list--bullet">
                                    {reasons.map((words) => (
                                        <li key={words}>{humanise(words)}</li>
                                    ))}
                                </ul>
                            )}
                            <p class="govuk-body-s app-empty">
                                {number(health.journal_seq)} records in the journal; running for {age(health.uptime_s * 1000)}; version {health.version}.
                            </p>
                        </Section>
                    </>
                );
            }}
        </Loaded>
    );
}
