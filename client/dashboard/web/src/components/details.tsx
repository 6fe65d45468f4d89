// GOV.UK's details: a summary that opens what most people need not see.
import type { ComponentChildren } from "preact";

export function Details({ summary, children, open = false }: { summary: ComponentChildren; children: ComponentChildren; open?: boolean }) {
    return (
        <details class="govuk-details app-details" open={open}>
            <summary class="govuk-details__summary">
                <span class="govuk-details__summary-text">{summary}</span>
            </summary>
            <div class="govuk-details__text">{children}</div>
        </details>
    );
}
