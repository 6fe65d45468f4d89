// The list itself: a table whose heads sort by the daemon's own orders, a card for each person on a phone; focus and scroll stay while it is brought up to date.
import type { ComponentChildren } from "preact";
import { useLayoutEffect, useRef } from "preact/hooks";
import { go, here, link, useAddress } from "../address";
import { announce } from "../announce";
import type { Wait } from "../api/types";
import { DefinitionLink } from "../components/figure";
import { Arrow, BOTH, DOWN, UP } from "../components/table";
import { useNames, type Names } from "../names";
import { longDay, number, shortDay } from "../text/format";
import { riskOf, stageWords, standingWords } from "../text/waits";
import type { ListChanges } from "./changes";
import { DEFAULT_SORT, FIRST_PAGE } from "./filter";

interface PeopleColumn {
    name: string;
    heading: string;
    /** The daemon's order, and whether the first press asks for its end first. */
    sort?: string;
    descendingFirst?: boolean;
    numeric?: boolean;
    cell: (wait: Wait, names: Names) => ComponentChildren;
}

/** 31 Jul, with the year where it is another one than that of the list. */
function day(value: string | null, today: string): ComponentChildren {
    if (value === null) return "–";
    return <time dateTime={value}>{value.slice(0, 4) === today.slice(0, 4) ? shortDay(value) : longDay(value)}</time>;
}

function Reference({ wait, mark }: { wait: Wait; mark: string | null }) {
    return (
        <>
            <a class="govuk-link" href={link("/wait", { subject: wait.subject })}>
                {wait.subject}
            </a>
            {mark && <span class="moj-badge app-people__mark">{mark}</span>}
            {wait.exceptions > 0 && (
                <span class="app-people__note" title="Records that contradict one another">
                    {wait.exceptions === 1 ? "1 contradiction" : `${number(wait.exceptions)} contradictions`}
                </span>
            )}
        </>
    );
}

function Risk({ wait }: { wait: Wait }) {
    const risk = riskOf(wait);
    if (risk === null) return <>–</>;
    return (
        <>
            {risk}
            <span class="app-people__note">
                {wait.impact} × {wait.likelihood}
            </span>
        </>
    );
}

function Stage({ wait, today }: { wait: Wait; today: string }) {
    return (
        <>
            {stageWords(wait.stage)}
            {wait.stop && <span class="app-people__note">ended {day(wait.stop, today)}</span>}
            {wait.status === "scheduled" && <span class="app-people__note">starts {day(wait.start, today)}</span>}
        </>
    );
}

function columnsOf(pathway: string | null, team: string | null, today: string): PeopleColumn[] {
    return [
        ...(pathway === null ? [{ name: "pathway", heading: "Waiting for", cell: (wait: Wait, names: Names) => names.pathway(wait.pathway) }] : []),
        ...(team === null ? [{ name: "team", heading: "Team", cell: (wait: Wait, names: Names) => names.team(wait.team) }] : []),
        {
            name: "days", heading: "Days waited", sort: "days", descendingFirst: true, numeric: true,
            cell: (wait) => <span class="app-people__days">{number(wait.days)}</span>,
        },
        {
            name: "to_breach", heading: "Days to breach", sort: "days_to_breach", numeric: true,
            cell: (wait) => <span class={wait.breach ? "app-people__over" : wait.due ? "app-people__due" : ""}>{standingWords(wait)}</span>,
        },
        { name: "priority", heading: "Priority", sort: "priority", numeric: true, cell: (wait) => number(wait.priority) },
        { name: "risk", heading: "Risk", sort: "risk", descendingFirst: true, numeric: true, cell: (wait) => <Risk wait={wait} /> },
        { name: "stage", heading: "Stage", cell: (wait) => <Stage wait={wait} today={today} /> },
        { name: "worker", heading: "Worker", cell: (wait) => wait.worker ?? "–" },
        {
            name: "contact", heading: "Last contact", sort: "last_contact",
            cell: (wait) => (
                <>
                    {day(wait.last_contact, today)}
                    {wait.no_contact && <span class="app-people__note app-people__over">not in time</span>}
                </>
            ),
        },
        {
            name: "paused", heading: "Paused",
            cell: (wait) => (wait.is_paused ? "Paused now" : wait.paused_days > 0 ? `${number(wait.paused_days)} days` : "–"),
        },
    ];
}

/** "-days" is by days, the most first. */
export function sortWords(sort: string, pathway: string | null = null, team: string | null = null): string {
    const name = sort.replace(/^-/, "");
    const column = columnsOf(pathway, team, "").find((each) => each.sort === name);
    return `${(column?.heading ?? "Reference").toLowerCase()}, ${sort.startsWith("-") ? "descending" : "ascending"}`;
}

function Heading({ column, sort }: { column: { heading: string; sort?: string; descendingFirst?: boolean; numeric?: boolean }; sort: string }) {
    const by = sort.replace(/^-/, "");
    const state = column.sort !== by ? "none" : sort.startsWith("-") ? "descending" : "ascending";
    const choose = () => {
        const descending = state === "none" ? Boolean(column.descendingFirst) : state === "ascending";
        const next = `${descending ? "-" : ""}${column.sort}`;
        go(here({ ...FIRST_PAGE, sort: next === DEFAULT_SORT ? null : next }));
        announce(`Sorted by ${column.heading}, ${descending ? "descending" : "ascending"}`);
    };
    return (
        <th role="columnheader" scope="col" class={`govuk-table__header${column.numeric ? " govuk-table__header--numeric" : ""}`} aria-sort={column.sort ? state : undefined}>
            {column.sort ? (
                <button type="button" onClick={choose}>
                    {column.heading}
                    <Arrow path={state === "none" ? BOTH : state === "ascending" ? UP : DOWN} />
                </button>
            ) : (
                column.heading
            )}
        </th>
    );
}

/** Where the focus is in the list, so that it can go to the neighbour when its own row has left. */
function useFocusStays(rows: readonly Wait[]): { current: HTMLTableElement | null } {
    const table = useRef<HTMLTableElement>(null);
    const place = useRef(-1);
    useLayoutEffect(() => {
        const at = place.current;
        if (at >= 0 && document.activeElement === document.body && rows.length > 0) {
            table.current?.querySelectorAll<HTMLElement>("tbody tr")[Math.min(at, rows.length - 1)]?.querySelector<HTMLElement>("a")?.focus({ preventScroll: true });
        }
    }, [rows]);
    useLayoutEffect(() => {
        const body = table.current!.tBodies[0]!;
        const enter = (event: FocusEvent) => {
            const row = (event.target as HTMLElement).closest("tr");
            place.current = row ? [...body.rows].indexOf(row) : -1;
        };
        // A row that is taken away tells nobody that it had the focus; whoever moves the focus elsewhere does.
        const leave = (event: FocusEvent) => {
            if (event.relatedTarget !== null) place.current = -1;
        };
        body.addEventListener("focusin", enter);
        body.addEventListener("focusout", leave);
        return () => {
            body.removeEventListener("focusin", enter);
            body.removeEventListener("focusout", leave);
        };
    }, []);
    return table;
}

interface PeopleTableProps {
    caption: string;
    rows: readonly Wait[];
    sort: string;
    pathway: string | null;
    team: string | null;
    today: string;
    changes: ListChanges;
    /** Stands in the table instead of rows. */
    instead?: ComponentChildren;
}

export function PeopleTable({ caption, rows, sort, pathway, team, today, changes, instead }: PeopleTableProps) {
    const names = useNames();
    useAddress();
    const columns = columnsOf(pathway, team, today);
    const table = useFocusStays(rows);
    const markOf = (wait: Wait) => (changes.joined.has(wait.subject) ? "New" : changes.changed.has(wait.subject) ? "Changed" : null);
    return (
        <div class="app-table-scroll app-people__scroll" tabIndex={0} role="region" aria-label={`${caption}, table`}>
            <table class="govuk-table app-table app-people" role="table" ref={table} data-module="moj-sortable-table">
                <caption class="govuk-visually-hidden">{caption} (column headers with buttons are sortable)</caption>
                <thead role="rowgroup">
                    <tr role="row">
                        <Heading column={{ heading: "Reference", sort: "subject" }} sort={sort} />
                        {columns.map((column) => (
                            <Heading key={column.name} column={column} sort={sort} />
                        ))}
                    </tr>
                </thead>
                <tbody role="rowgroup" class="app-live">
                    {rows.map((wait) => (
                        <tr role="row" key={wait.subject} class={`govuk-table__row${wait.breach ? " app-people__row--over" : ""}`}>
                            <th role="rowheader" scope="row" class="govuk-table__header app-people__reference">
                                <Reference wait={wait} mark={markOf(wait)} />
                            </th>
                            {columns.map((column) => (
                                <td role="cell" key={column.name} class={`govuk-table__cell${column.numeric ? " govuk-table__cell--numeric" : ""}`}>
                                    <span class="app-people__label" aria-hidden="true">
                                        {column.heading}
                                    </span>
                                    <span class="app-people__value">{column.cell(wait, names)}</span>
                                </td>
                            ))}
                        </tr>
                    ))}
                    {instead && (
                        <tr role="row">
                            <td role="cell" colSpan={columns.length + 1} class="govuk-table__cell app-people__instead">
                                {instead}
                            </td>
                        </tr>
                    )}
                </tbody>
            </table>
        </div>
    );
}

const MEANINGS = [
    ["Days waited", "days"],
    ["Days to breach", "breach"],
    ["Priority", "priority"],
    ["Risk", "risk"],
    ["Stage", "stage"],
    ["Last contact", "no_contact"],
    ["Paused", "paused"],
] as const;

/** The heads sort, so what they mean is said beside them. */
export function Meanings() {
    return (
        <p class="govuk-body-s app-people__meanings">
            What the columns mean:{" "}
            {MEANINGS.map(([words, of], index) => (
                <>
                    {index > 0 && ", "}
                    <DefinitionLink of={of}>{words.toLowerCase()}</DefinitionLink>
                </>
            ))}
        </p>
    );
}
