// The list of what contradicts what: by kind, code, source and team, paged, each with the record that it contradicts.
import { go, here, link, useAddress, useView } from "../address";
import { apiAddress } from "../api/client";
import type { ExceptionReply, ExceptionRow, InvolvedEvent } from "../api/types";
import { Select } from "../components/chooser";
import { Details } from "../components/details";
import { Section } from "../components/page";
import { CursorPagination, usePageTurn } from "../components/pagination";
import { Empty, Loaded } from "../components/states";
import { useFresh } from "../live/fresh";
import { useAnswer } from "../live/hooks";
import { useNames } from "../names";
import { EXCEPTION_CODES, exceptionWords, typeWords, WARNING_CODES } from "../text/events";
import { sourceName } from "../text/feeds";
import { days, humanise, moment, number, plural } from "../text/format";

/** It reads every history. */
const FRESH_MS = 30_000;
const FIRST = { cursor: null, from: null, known_at: null };
const KINDS = [
    { value: "warning", label: "To look at: it counts, but looks wrong" },
    { value: "all", label: "Both" },
];

function codesOf(kind: string | null): readonly string[] {
    return kind === "warning" ? WARNING_CODES : kind === "all" ? [...EXCEPTION_CODES, ...WARNING_CODES] : EXCEPTION_CODES;
}

function FilterForm({ sources }: { sources: readonly string[] }) {
    const address = useAddress();
    const value = (name: string) => address.query.get(name) ?? "";
    const submit = (event: Event) => {
        event.preventDefault();
        const form = new FormData(event.currentTarget as HTMLFormElement);
        const said = (name: string) => String(form.get(name) ?? "") || null;
        const kind = said("kind");
        const code = said("code");
        go(here({ kind, code: code && codesOf(kind).includes(code) ? code : null, source: said("source"), ...FIRST }, address));
    };
    return (
        <form class="app-chooser" onSubmit={submit} aria-label="Filter the list">
            <Select id="kind" label="Show" value={value("kind")} choices={KINDS} all="Contradictions: they have no effect" />
            <Select id="code" label="What is wrong" value={value("code")} choices={codesOf(value("kind") || null).map((code) => ({ value: code, label: exceptionWords(code).label }))} all="Everything" />
            <Select id="source" label="Source" value={value("source")} choices={sources.map((source) => ({ value: source, label: sourceName(source) }))} all="Every source" />
            <button type="submit" class="govuk-button govuk-button--secondary app-chooser__button">
                Filter
            </button>
        </form>
    );
}

function Event({ event }: { event: InvolvedEvent }) {
    const { timeZone } = useNames();
    return (
        <>
            {typeWords(event.type)} of <time dateTime={event.time}>{moment(event.time, timeZone)}</time>
        </>
    );
}

function Row({ row }: { row: ExceptionRow }) {
    const names = useNames();
    const words = exceptionWords(row.code);
    const other = row.involved[0];
    const place = [row.pathway && names.pathway(row.pathway), row.team && names.team(row.team)].filter(Boolean).join(", ");
    return (
        <li class="app-finding">
            <h3 class="govuk-heading-s app-finding__title">
                {words.label}: <a class="govuk-link" href={link("/wait", { subject: row.subject })}>{row.subject}</a>
            </h3>
            <p class="govuk-body-s app-finding__text">
                <Event event={row.event} />, received {moment(row.event.received, names.timeZone)}. {words.why}
                {row.field && ` ${humanise(row.field.replace(/^dimension\./, ""))}: ${row.value ?? ""}.`}
            </p>
            {other && words.contradicts && (
                <p class="govuk-body-s app-finding__text">
                    {words.contradicts}: <Event event={other} />
                    {other.subject !== row.subject && (
                        <>
                            , of <a class="govuk-link" href={link("/wait", { subject: other.subject })}>{other.subject}</a>
                        </>
                    )}
                    .
                </p>
            )}
            <p class="app-people__note app-finding__text">
                {[place || "No referral", sourceName(row.event.source), `record ${row.event.id}`, `${days(row.age_days)} old`, row.excluded ? "left out of every count" : null].filter(Boolean).join(" · ")}
            </p>
        </li>
    );
}

function Tally({ title, rows }: { title: string; rows: readonly { label: string; count: number; href: string | null }[] }) {
    const shown = rows.filter((row) => row.count > 0);
    return (
        <div class="app-tally">
            <h3 class="govuk-heading-s">{title}</h3>
            <ul class="app-tally__list">
                {shown.map((row) => (
                    <li key={row.label}>
                        <span>{row.href ? <a class="govuk-link govuk-link--no-visited-state" href={row.href}>{row.label}</a> : row.label}</span>
                        <span class="app-tally__count">{number(row.count)}</span>
                    </li>
                ))}
            </ul>
            {shown.length === 0 && <p class="govuk-body-s app-empty">None</p>}
        </div>
    );
}

function Counts({ reply }: { reply: ExceptionReply }) {
    const address = useAddress();
    const names = useNames();
    const { counts } = reply;
    const kindOf = (code: string) => ((WARNING_CODES as readonly string[]).includes(code) ? "warning" : null);
    const byCode = Object.entries(counts.code).sort((a, b) => b[1] - a[1]);
    const ages = counts.age.map((age) => ({
        label: age.to_days === null ? `More than ${number(age.from_days - 1)} days old` : `${number(age.from_days)} to ${number(age.to_days)} days old`, count: age.count, href: null,
    }));
    return (
        <div class="app-tallies">
            <Tally title="By what is wrong" rows={byCode.map(([code, count]) => ({ label: exceptionWords(code).label, count, href: here({ ...FIRST, code, kind: kindOf(code) }, address) }))} />
            <Tally title="By source" rows={counts.source.map((row) => ({ label: sourceName(row.source), count: row.count, href: here({ ...FIRST, source: row.source }, address) }))} />
            <Tally title="By age" rows={ages} />
            <Tally title="By team" rows={counts.team.slice(0, 8).map((row) => ({ label: names.team(row.team), count: row.count, href: here({ ...FIRST, team: row.team }, address) }))} />
        </div>
    );
}

export function Exceptions() {
    const address = useAddress();
    const view = useView();
    const { configuration } = useNames();
    const kind = address.query.get("kind");
    const code = address.query.get("code");
    const cursor = address.query.get("cursor");
    const from = cursor ? Number(address.query.get("from")) || 0 : 0;
    const filter = { kind: code ? null : kind, code, source: address.query.get("source"), pathway: view.pathway, team: view.team, as_at: view.asAt };
    const question = { ...filter, limit: 100, cursor, known_at: cursor ? address.query.get("known_at") : null };
    const answer = useAnswer("exceptions", question);
    // Pages behind the first belong to its knowledge.
    useFresh(answer, view.live && cursor === null, FRESH_MS);
    usePageTurn("findings");
    const counted = answer.status === "ready" ? answer.reply.counts.source.map((row) => row.source) : [];
    const sources = [...new Set([...(configuration?.sources.map((each) => each.name) ?? []), ...counted])];
    return (
        <>
            <FilterForm sources={sources} />
            <Loaded answer={answer} what="Reading every history">
                {(reply) => (
                    <>
                        <Section title={reply.count === 0 ? "Nothing contradicts anything here" : `${plural(reply.count, "record", "records")}${code ? `: ${exceptionWords(code).label.toLowerCase()}` : ""}`} id="findings">
                            {reply.count > 0 && <Counts reply={reply} />}
                            {reply.rows.length === 0 ? (
                                <Empty>No record fits.</Empty>
                            ) : (
                                <>
                                    <p class="govuk-body-s app-people__shown">
                                        {number(from + 1)} to {number(from + reply.rows.length)} of {number(reply.count)}, the oldest first.{" "}
                                        <a class="govuk-link app-no-print" href={apiAddress("exceptions", { ...filter, known_at: reply.known_at }, "csv")} download="exceptions.csv">
                                            Download all {number(reply.count)} rows (CSV)
                                        </a>
                                    </p>
                                    <ol class="app-findings app-live">
                                        {reply.rows.map((row) => (
                                            <Row key={`${row.event.seq}-${row.code}-${row.field ?? ""}`} row={row} />
                                        ))}
                                    </ol>
                                </>
                            )}
                            <CursorPagination next={reply.next} knownAt={reply.known_at} from={from} shown={reply.rows.length} count={reply.count} />
                        </Section>
                        <Details summary="How contradictions are put right">
                            <p class="govuk-body-s">
                                In the case management system, which sends a correction: a record that is missing, or one that takes a wrong one back. The contradiction goes by itself when it comes.
                            </p>
                        </Details>
                    </>
                )}
            </Loaded>
        </>
    );
}
