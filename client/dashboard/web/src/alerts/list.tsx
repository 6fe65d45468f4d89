// The list of open alerts: a row for each wait, a card on a phone; and those that ended, with their reasons.
import type { ComponentChildren } from "preact";
import { here, link, useAddress } from "../address";
import type { Transition } from "../api/types";
import { SeverityTag, Tag } from "../components/tags";
import { acts } from "../me";
import { useNames } from "../names";
import { alertWords, endWords } from "../text/alerts";
import { clock, dayOf, days, daysBetween, longDay, number, plural } from "../text/format";
import type { AlertGroup } from "./open";

function Cell({ label, numeric = false, children }: { label: string; numeric?: boolean; children: ComponentChildren }) {
    return (
        <td role="cell" class={`govuk-table__cell${numeric ? " govuk-table__cell--numeric" : ""}`}>
            <span class="app-people__label" aria-hidden="true">
                {label}
            </span>
            <span class="app-people__value">{children}</span>
        </td>
    );
}

function Heads({ heads }: { heads: readonly string[] }) {
    return (
        <thead role="rowgroup">
            <tr role="row">
                {heads.map((head) => (
                    <th role="columnheader" scope="col" class="govuk-table__header" key={head}>
                        {head}
                    </th>
                ))}
            </tr>
        </thead>
    );
}

/** Of whom or what an alert is. */
function About({ alert }: { alert: Transition }) {
    const names = useNames();
    return (
        <>
            {alert.subject ? (
                <a class="govuk-link" href={link("/wait", { subject: alert.subject })}>
                    {alert.subject}
                </a>
            ) : (
                "A whole queue or source"
            )}
            <span class="app-people__note">{[alert.pathway && names.pathway(alert.pathway), alert.team && names.team(alert.team)].filter(Boolean).join(", ")}</span>
        </>
    );
}

function Dealing({ alert }: { alert: Transition }) {
    if (!alert.acknowledged_at) return <>Nobody yet</>;
    return (
        <>
            {alert.by ?? "Somebody"}{" "}
            {alert.overdue && <Tag colour="red">Past its day</Tag>}
            {alert.expected_by && <span class="app-people__note">by {longDay(alert.expected_by)}</span>}
            {alert.note && <span class="app-people__note">“{alert.note}”</span>}
        </>
    );
}

function OpenRow({ group, today, isNew }: { group: AlertGroup; today: string; isNew: boolean }) {
    const address = useAddress();
    const { top, others } = group;
    const age = daysBetween(top.occurred_on, today);
    return (
        <tr role="row" class="govuk-table__row">
            <th role="rowheader" scope="row" class="govuk-table__header app-people__reference">
                <SeverityTag severity={top.severity} /> {isNew && <span class="moj-badge app-people__mark">New</span>}
                <span class="app-alerts__words">{alertWords(top)}</span>
                {others.length > 0 && <span class="app-people__note">and {plural(others.length, "lower alert", "lower alerts")} about the same wait</span>}
            </th>
            <Cell label="About">
                <About alert={top} />
            </Cell>
            <Cell label="Since">
                <time dateTime={top.occurred_on}>{longDay(top.occurred_on)}</time>
                <span class="app-people__note">{age <= 0 ? "today" : age === 1 ? "yesterday" : `${days(age)} ago`}</span>
            </Cell>
            <Cell label="Who deals with it">
                <Dealing alert={top} />
            </Cell>
            {acts() && (
                <Cell label="">
                    <a class="govuk-link app-no-print" href={here({ alert: top.alert_id }, address)}>
                        {top.acknowledged_at ? "Change" : "Acknowledge"}
                        <span class="govuk-visually-hidden">
                            : {alertWords(top)}, {top.subject ?? top.team ?? ""}
                        </span>
                    </a>
                </Cell>
            )}
        </tr>
    );
}

export function OpenTable({ groups, today, fresh, caption }: { groups: readonly AlertGroup[]; today: string; fresh: ReadonlySet<string>; caption: string }) {
    return (
        <div class="app-table-scroll" tabIndex={0} role="region" aria-label={`${caption}, table`}>
            <table class="govuk-table app-table app-people app-alerts" role="table">
                <caption class="govuk-visually-hidden">{caption}</caption>
                <Heads heads={["Alert", "About", "Since", "Who deals with it", ...(acts() ? ["Action"] : [])]} />
                <tbody role="rowgroup" class="app-live">
                    {groups.map((group) => (
                        <OpenRow key={group.key} group={group} today={today} isNew={fresh.has(group.top.alert_id)} />
                    ))}
                </tbody>
            </table>
        </div>
    );
}

function EndedRow({ alert, today }: { alert: Transition; today: string }) {
    const { timeZone } = useNames();
    const day = dayOf(alert.at, timeZone);
    return (
        <tr role="row" class="govuk-table__row">
            <th role="rowheader" scope="row" class="govuk-table__header app-people__reference">
                <span class="app-alerts__words">{alertWords(alert)}</span>
            </th>
            <Cell label="About">
                <About alert={alert} />
            </Cell>
            <Cell label="Why it ended">{endWords(alert.reason)}</Cell>
            <Cell label="Since">
                <time dateTime={alert.occurred_on}>{longDay(alert.occurred_on)}</time>
            </Cell>
            <Cell label="Ended">
                <time dateTime={alert.at}>
                    {day === today ? "Today" : longDay(day)} at {clock(alert.at, timeZone)}
                </time>
            </Cell>
        </tr>
    );
}

export function EndedTable({ rows, today }: { rows: readonly Transition[]; today: string }) {
    return (
        <div class="app-table-scroll" tabIndex={0} role="region" aria-label="Alerts that have ended, table">
            <table class="govuk-table app-table app-people app-alerts" role="table">
                <caption class="govuk-visually-hidden">Alerts that have ended, the newest first</caption>
                <Heads heads={["Alert", "About", "Why it ended", "Since", "Ended"]} />
                <tbody role="rowgroup" class="app-live">
                    {rows.map((row) => (
                        <EndedRow key={row.seq} alert={row} today={today} />
                    ))}
                </tbody>
            </table>
        </div>
    );
}

/** Pages of a list that the page itself holds. */
export function NumberedPagination({ page, pages }: { page: number; pages: number }) {
    const address = useAddress();
    if (pages <= 1) return null;
    const to = (number: number) => here({ page: number <= 1 ? null : number }, address);
    return (
        <nav class="govuk-pagination govuk-pagination--block" aria-label="Pagination">
            {page > 1 && (
                <div class="govuk-pagination__prev">
                    <a class="govuk-link govuk-pagination__link" href={to(page - 1)} rel="prev">
                        <span class="govuk-pagination__link-title">
                            Previous page<span class="govuk-visually-hidden">:</span>
                        </span>
                        <span class="govuk-visually-hidden">:</span>
                        <span class="govuk-pagination__link-label">
                            {number(page - 1)} of {number(pages)}
                        </span>
                    </a>
                </div>
            )}
            {page < pages && (
                <div class="govuk-pagination__next">
                    <a class="govuk-link govuk-pagination__link" href={to(page + 1)} rel="next">
                        <span class="govuk-pagination__link-title">
                            Next page<span class="govuk-visually-hidden">:</span>
                        </span>
                        <span class="govuk-visually-hidden">:</span>
                        <span class="govuk-pagination__link-label">
                            {number(page + 1)} of {number(pages)}
                        </span>
                    </a>
                </div>
            )}
        </nav>
    );
}

