// Goes through pages that follow one another by a cursor: to the first, to the one before in this visit, to the next.
import { useEffect, useRef } from "preact/hooks";
import { here, useAddress } from "../address";

/** The members of an address that say which page of a list it is. */
const PLACES = ["cursor", "page", "before", "after"];

/** When another page of the list is turned to, its heading comes into sight and takes the focus; the list alone changed. */
export function usePageTurn(headingId: string): void {
    const { query } = useAddress();
    const place = PLACES.map((name) => query.get(name) ?? "").join(" ");
    const last = useRef(place);
    useEffect(() => {
        if (last.current === place) return;
        last.current = place;
        const heading = document.getElementById(headingId);
        if (!heading) return;
        heading.tabIndex = -1;
        heading.focus({ preventScroll: true });
        heading.scrollIntoView();
    }, [place]);
}

/** `next` is the reply's cursor; `known_at` keeps all pages to the knowledge of the first one. */
export function CursorPagination({ next, knownAt, from, shown, count }: { next: string | null; knownAt: number | null; from: number; shown: number; count: number }) {
    const address = useAddress();
    if (next === null && !address.query.has("cursor")) return null;
    return (
        <nav class="govuk-pagination govuk-pagination--block" aria-label="Pagination">
            {address.query.has("cursor") && (
                <div class="govuk-pagination__prev">
                    <a class="govuk-link govuk-pagination__link" href={here({ cursor: null, from: null, known_at: null }, address)} rel="prev">
                        <span class="govuk-pagination__link-title">Back to the first page</span>
                    </a>
                </div>
            )}
            {next !== null && (
                <div class="govuk-pagination__next">
                    <a class="govuk-link govuk-pagination__link" href={here({ cursor: next, from: from + shown, known_at: knownAt }, address)} rel="next">
                        <span class="govuk-pagination__link-title">
                            Next page<span class="govuk-visually-hidden">:</span>
                        </span>
                        <span class="govuk-visually-hidden">:</span>
                        <span class="govuk-pagination__link-label">
                            from {from + shown + 1} of {count}
                        </span>
                    </a>
                </div>
            )}
        </nav>
    );
}
