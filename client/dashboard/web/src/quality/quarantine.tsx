// Records that could not be accepted: the list by reason and state, and one of them with what is wrong, where, and what was done.
import type { ComponentChildren } from "preact";
import { go, here, useAddress } from "../address";
import type { QuarantineAct, QuarantinedEvent, QuarantineReply } from "../api/types";
import { Select } from "../components/chooser";
import { Section } from "../components/page";
import { Empty, Loaded } from "../components/states";
import { Tag, type TagColour } from "../components/tags";
import { useEvery } from "../live/fresh";
import { useAnswer } from "../live/hooks";
import { useNames } from "../names";
import { refusalWords, typeWords } from "../text/events";
import { sourceName } from "../text/feeds";
import { moment, number, plural } from "../text/format";
import { pointerWords, readable } from "../text/quality";
import { SummaryList } from "../wait/parts";

/** A record that is refused changes no position, so the list is asked for again now and then. */
const EVERY_MS = 10_000;

const STATES = [
    { value: "retried", label: "Accepted by a retry" },
    { value: "discarded", label: "Discarded" },
    { value: "all", label: "All of them" },
];
const STATE_TAGS: Record<QuarantinedEvent["state"], { label: string; colour: TagColour }> = {
    waiting: { label: "Waiting", colour: "orange" },
    retried: { label: "Accepted", colour: "green" },
    discarded: { label: "Discarded", colour: "grey" },
};

function StateTag({ state }: { state: QuarantinedEvent["state"] }) {
    const tag = STATE_TAGS[state];
    return <Tag colour={tag.colour}>{tag.label}</Tag>;
}

function FilterForm({ counts }: { counts: QuarantineReply["counts"] }) {
    const address = useAddress();
    const value = (name: string) => address.query.get(name) ?? "";
    const submit = (event: Event) => {
        event.preventDefault();
        const form = new FormData(event.currentTarget as HTMLFormElement);
        go(here({ state: String(form.get("state") ?? "") || null, code: String(form.get("code") ?? "") || null, after: null }, address));
    };
    return (
        <form class="app-chooser" onSubmit={submit} aria-label="Filter the refused records">
            <Select id="state" label="Show" value={value("state")} choices={STATES} all="Those that wait for somebody" />
            <Select
                id="code"
                label="Why they were refused"
                value={value("code")}
                choices={Object.entries(counts).map(([code, each]) => ({ value: code, label: `${refusalWords(code).label} (${number(each.waiting)} waiting)` }))}
                all="Every reason"
            />
            <button type="submit" class="govuk-button govuk-button--secondary app-chooser__button">
                Filter
            </button>
        </form>
    );
}

function Row({ row }: { row: QuarantinedEvent }) {
    const address = useAddress();
    const { timeZone } = useNames();
    return (
        <li class="app-finding">
            <h3 class="govuk-heading-s app-finding__title">
                <a class="govuk-link" href={here({ refused: row.id }, address)}>
                    Record {row.id}: {refusalWords(row.code).label.toLowerCase()}
                </a>{" "}
                <StateTag state={row.state} />
            </h3>
            <p class="govuk-body-s app-finding__text">
                {row.message.charAt(0).toUpperCase() + row.message.slice(1)}
                {row.pointer ? `, at ${row.pointer}` : ""}.
            </p>
            <p class="app-people__note app-finding__text">
                {[row.type ? typeWords(row.type) : "Unknown kind", row.source ? sourceName(row.source) : "source not readable", row.subject, `first received ${moment(row.first_received, timeZone)}`, row.times > 1 ? `came ${number(row.times)} times` : null]
                    .filter(Boolean)
                    .join(" · ")}
            </p>
        </li>
    );
}

export function Quarantine() {
    const address = useAddress();
    const one = address.query.get("refused");
    if (one) return <OneRefused id={one} />;
    return <RefusedList />;
}

function RefusedList() {
    const address = useAddress();
    const after = address.query.get("after");
    const answer = useAnswer("quarantine", { state: address.query.get("state"), code: address.query.get("code"), after, limit: 100 });
    useEvery(answer, EVERY_MS);
    return (
        <Loaded answer={answer} what="Loading the refused records">
            {(reply) => (
                <>
                    <FilterForm counts={reply.counts} />
                    <Section
                        title={reply.waiting === 0 ? "No refused record waits for anybody" : `${plural(reply.waiting, "refused record waits", "refused records wait")} for somebody`}
                        id="refused"
                        about="They could not be accepted and count nowhere. Nothing of them is lost: put right what is wrong, then have them retried, or sent again."
                    >
                        {reply.rows.length === 0 ? (
                            <Empty>There are none to show.</Empty>
                        ) : (
                            <ol class="app-findings app-live">
                                {reply.rows.map((row) => (
                                    <Row key={row.id} row={row} />
                                ))}
                            </ol>
                        )}
                        {(after !== null || reply.next !== null) && (
                            <p class="govuk-body">
                                {after !== null && (
                                    <>
                                        <a class="govuk-link" href={here({ after: null }, address)}>
                                            Back to the first page
                                        </a>{" "}
                                    </>
                                )}
                                {reply.next !== null && (
                                    <a class="govuk-link" href={here({ after: reply.next }, address)}>
                                        Next page
                                    </a>
                                )}
                            </p>
                        )}
                    </Section>
                </>
            )}
        </Loaded>
    );
}

function Command({ children }: { children: string }) {
    return (
        <pre class="app-code" tabIndex={0} role="region" aria-label={`Command: ${children}`}>
            <code>{children}</code>
        </pre>
    );
}

function WhatToDo({ row }: { row: QuarantinedEvent }) {
    if (row.state !== "waiting") return <p class="govuk-body">Nothing: somebody has dealt with it.</p>;
    return (
        <>
            <p class="govuk-body">{refusalWords(row.code).advice}</p>
            {row.scrubbed ? (
                <p class="govuk-body">As personal data was replaced, it cannot be retried: have it sent again put right, and discard this one.</p>
            ) : (
                <>
                    <p class="govuk-body">When the reason is gone, on the server:</p>
                    <Command>{`waitlistctl quarantine retry ${row.id}`}</Command>
                </>
            )}
            <p class="govuk-body">If nobody needs it any more:</p>
            <Command>{`waitlistctl quarantine discard ${row.id} --reason "…"`}</Command>
        </>
    );
}

function Acts({ acts }: { acts: readonly QuarantineAct[] }) {
    const { timeZone } = useNames();
    if (acts.length === 0) return <p class="govuk-body app-empty">Nothing yet.</p>;
    return (
        <ul class="govuk-list govuk-list--bullet">
            {acts.map((act, index) => (
                <li key={index}>
                    {moment(act.at, timeZone)}: {act.by} {act.act === "retry" ? "had it retried" : "discarded it"}
                    {act.act === "retry" && `, ${act.outcome === "accepted" ? "and it was accepted" : act.outcome === "rejected" ? "and it was refused again" : act.outcome}`}
                    {act.reason && `: “${act.reason}”`}
                </li>
            ))}
        </ul>
    );
}

function RefusedDetail({ reply }: { reply: QuarantineReply }) {
    const { timeZone } = useNames();
    const row = reply.rows[0]!;
    const words = refusalWords(row.code);
    const rows: (readonly [ComponentChildren, ComponentChildren])[] = [
        ["Reason", <>{words.label}: {row.message}</>],
        ...(row.pointer ? [["Where", <>{pointerWords(row.pointer)} <code class="app-code-inline">{row.pointer}</code></>] as const] : []),
        ["State", <StateTag state={row.state} />],
        ["Source", row.source ?? "Not readable"],
        ["Number of the sender", row.event_id ?? "Not readable"],
        ["Reference", row.subject ?? "Not readable"],
        ["Kind", row.type ?? "Not readable"],
        ["First received", moment(row.first_received, timeZone)],
        ["Last received", `${moment(row.last_received, timeZone)}, ${row.times === 1 ? "once in all" : `${number(row.times)} times in all`}`],
    ];
    return (
        <>
            <div class="app-columns">
                <Section title={`Record ${row.id}: ${words.label.toLowerCase()}`}>
                    <SummaryList rows={rows} />
                </Section>
                <div>
                    <Section title="What to do">
                        <WhatToDo row={row} />
                    </Section>
                    <Section title="What was done">
                        <Acts acts={reply.acts ?? []} />
                    </Section>
                </div>
            </div>
            <Section title="As it came" about={row.scrubbed ? "Personal data was replaced by “hash:…” before anything was stored." : undefined}>
                {reply.raw === null || reply.raw === undefined ? (
                    <p class="govuk-body">It is {number(row.bytes)} bytes that are no text. waitlistctl quarantine show {row.id} has them.</p>
                ) : (
                    <pre class="app-code" tabIndex={0} role="region" aria-label="The record as it came">
                        <code>{readable(reply.raw)}</code>
                    </pre>
                )}
                {reply.raw_cut && <p class="govuk-body-s">Only its first part is shown.</p>}
            </Section>
        </>
    );
}

function OneRefused({ id }: { id: string }) {
    const address = useAddress();
    const answer = useAnswer("quarantine", { id });
    return (
        <>
            <p class="govuk-body">
                <a class="govuk-link" href={here({ refused: null }, address)}>
                    Back to the refused records
                </a>
            </p>
            <Loaded answer={answer} what="Loading this record">
                {(reply) => (reply.rows.length === 0 ? <Empty>There is no refused record of this number.</Empty> : <RefusedDetail reply={reply} />)}
            </Loaded>
        </>
    );
}
