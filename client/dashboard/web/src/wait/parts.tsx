// The parts of a wait's page: who and where, how its days are counted, its alerts.
import type { ComponentChildren } from "preact";
import { link } from "../address";
import type { Transition, Wait, WaitEvent } from "../api/types";
import { DefinitionLink, Figure, Figures } from "../components/figure";
import { SeverityTag, Tag } from "../components/tags";
import { useNames } from "../names";
import { alertWords, endWords } from "../text/alerts";
import { days, humanise, longDay, moment, number } from "../text/format";
import { closeWords, codeWords, riskOf, stageWords } from "../text/waits";
import { alertsOf, pausesOf, type AlertStory } from "./story";

export function SummaryList({ rows }: { rows: readonly (readonly [ComponentChildren, ComponentChildren])[] }) {
    return (
        <dl class="govuk-summary-list app-summary app-live">
            {rows.map(([key, value], index) => (
                <div class="govuk-summary-list__row" key={index}>
                    <dt class="govuk-summary-list__key">{key}</dt>
                    <dd class="govuk-summary-list__value">{value}</dd>
                </div>
            ))}
        </dl>
    );
}

export function WaitFigures({ wait }: { wait: Wait }) {
    const over = wait.breach ? wait.days - wait.standard : null;
    return (
        <Figures>
            <Figure label="Days waited" definition="days" value={wait.days} note={`standard: ${days(wait.standard)}`} emphasis={wait.breach} />
            {over !== null ? (
                <Figure label="Over standard by" definition="breach" value={over} unit="days" note={wait.breach_on ? `since ${longDay(wait.breach_on)}` : null} />
            ) : wait.stop !== null || wait.status === "excluded" ? null : (
                <Figure label="Days to breach" definition="breach" value={wait.days_to_breach} note={wait.breach_on ? `on ${longDay(wait.breach_on)}` : null} />
            )}
            <Figure label="Priority" definition="priority" value={wait.priority} />
            <Figure label="Risk" definition="risk" value={riskOf(wait)} note={riskOf(wait) === null ? "not recorded" : `impact ${wait.impact} × likelihood ${wait.likelihood}`} />
        </Figures>
    );
}

export function About({ wait }: { wait: Wait }) {
    const names = useNames();
    const stage = [stageWords(wait.stage), wait.reason && wait.stage === "closed" ? closeWords(wait.reason) : null, wait.outcome ? codeWords(wait.outcome) : null].filter(Boolean).join(": ");
    const rows: (readonly [ComponentChildren, ComponentChildren])[] = [
        ["Waiting for", names.pathway(wait.pathway)],
        ["Team", names.team(wait.team)],
        [<DefinitionLink of="stage">Stage</DefinitionLink>, stage],
        ["Worker", wait.worker ?? (wait.stop === null ? "Nobody yet" : "Nobody")],
        [
            <DefinitionLink of="no_contact">Last contact</DefinitionLink>,
            <>
                {wait.last_contact ? longDay(wait.last_contact) : "None recorded"} {wait.no_contact && <Tag colour="orange">Not in time</Tag>}
            </>,
        ],
        ["District", wait.district ? names.district(wait.district) : "Not recorded"],
        ["Client group", wait.client_group ? humanise(wait.client_group) : "Not recorded"],
        ...Object.entries(wait.dimensions).map(([name, value]) => [humanise(name), humanise(value)] as const),
        ["Person’s reference", wait.person],
    ];
    return <SummaryList rows={rows} />;
}

function pauseRule(wait: Wait, excludes: boolean): string {
    const paused = days(wait.paused_days);
    if (wait.paused_days === 0) return "None";
    return excludes ? `${paused}, taken off: on this pathway paused days do not count` : `${paused}, not taken off: on this pathway the clock does not stop for a pause`;
}

/** How the daemon came to its number of days, step by step. */
export function Counting({ wait, events }: { wait: Wait; events: readonly WaitEvent[] }) {
    const names = useNames();
    const settings = names.settings(wait.pathway);
    const working = settings?.unit === "working_days";
    const pauses = pausesOf(events, names.timeZone);
    const byPriority = settings && wait.priority !== null && settings.standard_by_priority[String(wait.priority)] !== undefined;
    const rows: (readonly [ComponentChildren, ComponentChildren])[] = [
        [wait.status === "scheduled" ? "The clock starts" : "The clock started", `${longDay(wait.start)}, which is day 0`],
        ["The clock stopped", wait.stop ? longDay(wait.stop) : wait.status === "scheduled" ? "It has not started" : "It is still running"],
        ["Calendar days", number(wait.gross_days)],
        [<DefinitionLink of="paused">Paused days</DefinitionLink>, pauseRule(wait, settings?.pauses === "exclude")],
        [<DefinitionLink of="days">Days that count</DefinitionLink>, working ? `${number(wait.days)}: working days only, Mondays to Fridays without bank holidays` : number(wait.days)],
        [
            <DefinitionLink of="standard">Standard</DefinitionLink>,
            `${days(wait.standard)}${byPriority ? ` for priority ${wait.priority}` : ""}: the council’s own, the law sets no limit`,
        ],
        ...(wait.breach_on ? [[wait.breach ? "Over standard since" : "Over standard on", longDay(wait.breach_on)] as const] : []),
        ...(settings?.clock_stops_on === "started" ? [["What stops the clock", "The start of the assessment, or the end of the wait if that is earlier"] as const] : []),
    ];
    return (
        <>
            <SummaryList rows={rows} />
            {pauses.length > 0 && (
                <>
                    <h3 class="govuk-heading-s">Pauses</h3>
                    <ul class="govuk-list govuk-list--bullet">
                        {pauses.map((pause) => (
                            <li key={pause.from}>
                                {longDay(pause.from)} to {pause.to ? longDay(pause.to) : "now"}
                                {pause.reason && `: ${codeWords(pause.reason)}`}
                            </li>
                        ))}
                    </ul>
                </>
            )}
        </>
    );
}

function AlertItem({ story, live }: { story: AlertStory; live: boolean }) {
    const { timeZone } = useNames();
    const at = (transition: Transition) => moment(transition.at, timeZone);
    return (
        <li class="app-alert-line">
            <p class="govuk-body govuk-!-margin-bottom-1">
                <strong>{alertWords(story.raised)}</strong> <SeverityTag severity={story.last.severity} />{" "}
                {!story.open ? <Tag colour="grey">Ended</Tag> : story.acknowledged ? <Tag colour="green">Acknowledged</Tag> : <Tag colour="purple">Open</Tag>}
            </p>
            <p class="govuk-body-s govuk-!-margin-bottom-1">
                Since {longDay(story.raised.occurred_on)}, raised {at(story.raised)}.
                {story.acknowledged && ` ${story.acknowledged.by ?? "Somebody"} acknowledged it ${at(story.acknowledged)}${story.acknowledged.expected_by ? `, to be resolved by ${longDay(story.acknowledged.expected_by)}` : ""}.`}
                {!story.open && ` Ended ${at(story.last)}. ${endWords(story.last.reason)}.`}
            </p>
            {story.acknowledged?.note && <p class="govuk-body-s govuk-!-margin-bottom-1 app-alert-line__note">“{story.acknowledged.note}”</p>}
            {story.open && live && (
                <p class="govuk-body-s govuk-!-margin-bottom-0 app-no-print">
                    <a class="govuk-link" href={link("/alerts", { alert: story.id })}>
                        {story.acknowledged ? "Acknowledge again" : "Acknowledge"}
                        <span class="govuk-visually-hidden">: {alertWords(story.raised)}</span>
                    </a>
                </p>
            )}
        </li>
    );
}

export function WaitAlerts({ transitions, live }: { transitions: readonly Transition[]; live: boolean }) {
    const stories = alertsOf(transitions);
    if (stories.length === 0) return <p class="govuk-body app-empty">There have been no alerts about this wait.</p>;
    return (
        <ul class="app-alert-lines app-live">
            {stories.map((story) => (
                <AlertItem key={story.id} story={story} live={live} />
            ))}
        </ul>
    );
}
