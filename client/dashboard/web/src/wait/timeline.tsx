// The timeline of a wait: what happened in plain words, what of it has no effect and why, what was taken back, what was recorded late.
import type { ExceptionRow, WaitEvent } from "../api/types";
import { here, link, useAddress } from "../address";
import { Tag } from "../components/tags";
import { useNames } from "../names";
import { sourceName } from "../text/feeds";
import { eventWords, exceptionWords, typeWords } from "../text/events";
import { clock, dayOf, days, longDay, moment, number } from "../text/format";
import { lateDays, retractionOf } from "./story";

/** An instant; only its day where the sender knew no time. */
function When({ instant }: { instant: string }) {
    const { timeZone } = useNames();
    return <time dateTime={instant}>{clock(instant, timeZone, true) === "00:00:00" ? longDay(dayOf(instant, timeZone)) : moment(instant, timeZone)}</time>;
}

function Late({ event, allowed }: { event: WaitEvent; allowed: number }) {
    const { timeZone } = useNames();
    const late = lateDays(event, timeZone);
    if (late === 0) return null;
    return (
        <p class="moj-timeline__date app-timeline__late">
            {late > allowed && <Tag colour="orange">Recorded late</Tag>} Recorded {days(late)} later, on <When instant={event.received} />
        </p>
    );
}

function Contradicted({ finding, code }: { finding: ExceptionRow | undefined; code: string }) {
    const words = exceptionWords(code);
    const other = finding?.involved[0];
    return (
        <div class="govuk-inset-text app-timeline__exception">
            <p class="govuk-body govuk-!-margin-bottom-1">
                <strong>{finding?.kind === "warning" ? "Look at this: " : "This contradicts the other records. "}</strong>
                {words.why}
                {finding?.field && ` ${finding.field}: ${finding.value ?? ""}.`}
            </p>
            {other && words.contradicts && (
                <p class="govuk-body govuk-!-margin-bottom-0">
                    {words.contradicts}: {typeWords(other.type).toLowerCase()} of <When instant={other.time} />
                    {finding && other.subject !== finding.subject && (
                        <>
                            {" "}
                            (<a class="govuk-link" href={link("/wait", { subject: other.subject })}>{other.subject}</a>)
                        </>
                    )}
                    .
                </p>
            )}
        </div>
    );
}

function TakenBack({ event, events }: { event: WaitEvent; events: readonly WaitEvent[] }) {
    const retraction = retractionOf(event, events);
    return (
        <p class="govuk-body">
            Taken back
            {retraction ? (
                <>
                    {" "}
                    by a record of <When instant={retraction.time} />, received <When instant={retraction.received} />
                </>
            ) : (
                " by a record of another wait"
            )}
            . It never happened, and counts on no day.
        </p>
    );
}

interface ItemProps {
    event: WaitEvent;
    events: readonly WaitEvent[];
    findings: readonly ExceptionRow[];
    allowed: number;
}

function Item({ event, events, findings, allowed }: ItemProps) {
    const names = useNames();
    const words = eventWords(event, names, longDay);
    const own = findings.filter((finding) => finding.event.seq === event.seq);
    const isTakenBack = event.effect === "retracted";
    const details = event.effect === "applied" && words.effect ? [...words.details, words.effect] : words.details;
    // That it was recorded late is said beside its time.
    const warnings = own.filter((finding) => finding.kind === "warning" && finding.code !== "backdated");
    return (
        <li class={`moj-timeline__item app-timeline__item${event.exception || isTakenBack ? " app-timeline__item--void" : ""}`}>
            <div class="moj-timeline__header">
                <h3 class="moj-timeline__title">{isTakenBack ? <s>{words.title}</s> : words.title}</h3>{" "}
                {event.exception && <Tag colour="red">No effect</Tag>}
                {isTakenBack && <Tag colour="grey">Taken back</Tag>}
                {event.effect === "pending" && <Tag colour="blue">Still to come</Tag>}
            </div>
            <p class="moj-timeline__date">
                <When instant={event.time} />
            </p>
            <Late event={event} allowed={allowed} />
            <div class="moj-timeline__description">
                {details.length > 0 && <p class="govuk-body">{details.join(" ")}</p>}
                {isTakenBack && <TakenBack event={event} events={events} />}
                {event.exception && <Contradicted code={event.exception} finding={own.find((finding) => finding.code === event.exception)} />}
                {warnings.map((finding) => (
                    <Contradicted key={finding.code + (finding.field ?? "")} code={finding.code} finding={finding} />
                ))}
                <p class="govuk-body-s app-timeline__record">
                    From {sourceName(event.source)}, record {event.id}, number {number(event.seq)} in the journal
                </p>
            </div>
        </li>
    );
}

export function Timeline({ events, total, findings, allowed }: { events: readonly WaitEvent[]; total: number; findings: readonly ExceptionRow[]; allowed: number }) {
    const address = useAddress();
    const oldestFirst = address.query.get("order") === "oldest";
    const shown = oldestFirst ? events : [...events].reverse();
    return (
        <>
            <p class="govuk-body-s app-timeline__order">
                {oldestFirst ? "The oldest first. " : "The newest first. "}
                <a class="govuk-link govuk-link--no-visited-state" href={here({ order: oldestFirst ? null : "oldest" }, address)}>
                    {oldestFirst ? "Show the newest first" : "Show the oldest first"}
                </a>
                {total > events.length && ` Only the last ${number(events.length)} of ${number(total)} records are shown.`}
            </p>
            <ol class="moj-timeline app-timeline app-live">
                {shown.map((event) => (
                    <Item key={event.seq} event={event} events={events} findings={findings} allowed={allowed} />
                ))}
            </ol>
        </>
    );
}
