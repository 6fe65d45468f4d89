// A table whose columns sort: the Ministry of Justice's sortable table in markup and behaviour, drawn from data that stays live.
import type { ComponentChildren } from "preact";
import { useMemo } from "preact/hooks";
import { go, here, useAddress } from "../address";
import { announce } from "../announce";

export interface Column<Row> {
    name: string;
    heading: string;
    /** What it sorts by; without it the column does not sort. Nulls come last either way. */
    sort?: (row: Row) => number | string | null;
    cell: (row: Row) => ComponentChildren;
    numeric?: boolean;
    /** The row's own heading. */
    rowHeading?: boolean;
}

interface SortableTableProps<Row> {
    caption: string;
    captionHidden?: boolean;
    columns: readonly Column<Row>[];
    rows: readonly Row[];
    rowKey: (row: Row) => string;
    /** The row to be found among many at a glance; its cells say in words why. */
    isMarked?: (row: Row) => boolean;
    /** "-waiting": by waiting, the most first. */
    initial: string;
    /** The member of the address that holds the order; several tables of a page need several. */
    parameter?: string;
    footer?: ComponentChildren;
}

export const UP = "M6.5625 15.5L11 6.63125L15.4375 15.5H6.5625Z";
export const DOWN = "M15.4375 7L11 15.8687L6.5625 7L15.4375 7Z";
export const BOTH = "M8.1875 9.5L10.9609 3.95703L13.7344 9.5H8.1875ZM13.7344 12.0781L10.9609 17.6211L8.1875 12.0781H13.7344Z";

export function Arrow({ path }: { path: string }) {
    return (
        <svg width="22" height="22" focusable="false" aria-hidden="true" viewBox="0 0 22 22">
            <path d={path} fill="currentColor" />
        </svg>
    );
}

export function compare(a: number | string | null, b: number | string | null, descending: boolean): number {
    if (a === null || b === null) return a === b ? 0 : a === null ? 1 : -1;
    const order = typeof a === "string" || typeof b === "string" ? String(a).localeCompare(String(b), "en-GB", { numeric: true }) : a - b;
    return descending ? -order : order;
}

export function SortableTable<Row>(props: SortableTableProps<Row>) {
    const address = useAddress();
    const parameter = props.parameter ?? "order";
    const wanted = address.query.get(parameter) ?? props.initial;
    const descending = wanted.startsWith("-");
    const sorted = props.columns.find((column) => column.name === wanted.replace(/^-/, "") && column.sort) ?? null;

    const rows = useMemo(() => {
        const by = sorted?.sort;
        return by ? [...props.rows].sort((a, b) => compare(by(a), by(b), descending)) : props.rows;
    }, [props.rows, sorted, descending]);

    // Numbers are sought from the top, names from A.
    const choose = (column: Column<Row>) => {
        const next = sorted === column ? !descending : Boolean(column.numeric);
        go(here({ [parameter]: `${next ? "-" : ""}${column.name}` }), true);
        announce(`Sorted by ${column.heading}, ${next ? "descending" : "ascending"}`);
    };

    return (
        <div class="app-table-scroll" tabIndex={0} role="region" aria-label={`${props.caption}, table`}>
            <table class="govuk-table app-table" data-module="moj-sortable-table">
                <caption class={`govuk-table__caption govuk-table__caption--s${props.captionHidden ? " govuk-visually-hidden" : ""}`}>
                    {props.caption}
                    <span class="govuk-visually-hidden"> (column headers with buttons are sortable)</span>
                </caption>
                <thead class="govuk-table__head">
                    <tr class="govuk-table__row">
                        {props.columns.map((column) => {
                            const state = sorted === column ? (descending ? "descending" : "ascending") : "none";
                            return (
                                <th
                                    key={column.name}
                                    scope="col"
                                    class={`govuk-table__header${column.numeric ? " govuk-table__header--numeric" : ""}`}
                                    aria-sort={column.sort ? state : undefined}
                                >
                                    {column.sort ? (
                                        <button type="button" onClick={() => choose(column)}>
                                            {column.heading}
                                            <Arrow path={state === "none" ? BOTH : state === "ascending" ? UP : DOWN} />
                                        </button>
                                    ) : (
                                        column.heading
                                    )}
                                </th>
                            );
                        })}
                    </tr>
                </thead>
                <tbody class="govuk-table__body">
                    {rows.map((row) => (
                        <tr class={`govuk-table__row${props.isMarked?.(row) ? " app-table__marked" : ""}`} key={props.rowKey(row)}>
                            {props.columns.map((column) =>
                                column.rowHeading ? (
                                    <th key={column.name} scope="row" class="govuk-table__header">
                                        {column.cell(row)}
                                    </th>
                                ) : (
                                    <td key={column.name} class={`govuk-table__cell${column.numeric ? " govuk-table__cell--numeric" : ""}`}>
                                        {column.cell(row)}
                                    </td>
                                ),
                            )}
                        </tr>
                    ))}
                </tbody>
                {props.footer && <tfoot class="govuk-table__body app-table__foot">{props.footer}</tfoot>}
            </table>
        </div>
    );
}

/** A plain table of words and numbers: the first column heads the rows, the others are numbers unless they are text. */
export function PlainTable({ caption, head, rows }: { caption: string; head: readonly string[]; rows: readonly (readonly (string | number)[])[] }) {
    return (
        <table class="govuk-table app-table app-table--plain">
            <caption class="govuk-table__caption govuk-visually-hidden">{caption}</caption>
            <thead class="govuk-table__head">
                <tr class="govuk-table__row">
                    {head.map((heading, index) => (
                        <th key={heading} scope="col" class={`govuk-table__header${index > 0 ? " govuk-table__header--numeric" : ""}`}>
                            {heading}
                        </th>
                    ))}
                </tr>
            </thead>
            <tbody class="govuk-table__body">
                {rows.map((row) => (
                    <tr class="govuk-table__row" key={String(row[0])}>
                        {row.map((cell, index) =>
                            index === 0 ? (
                                <th key={index} scope="row" class="govuk-table__header">
                                    {cell}
                                </th>
                            ) : (
                                <td key={index} class="govuk-table__cell govuk-table__cell--numeric">
                                    {cell}
                                </td>
                            ),
                        )}
                    </tr>
                ))}
            </tbody>
        </table>
    );
}
