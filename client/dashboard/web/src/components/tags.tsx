// Tags that say a state in a word: their colour adds to the word and never stands for it.
import { severityWords, type Severity } from "../text/alerts";

export type TagColour = "red" | "orange" | "yellow" | "green" | "blue" | "grey" | "purple";

export function Tag({ colour, children }: { colour: TagColour; children: string }) {
    return <strong class={`govuk-tag govuk-tag--${colour} app-tag`}>{children}</strong>;
}

const SEVERITY_COLOURS: Record<Severity, TagColour> = { critical: "red", high: "orange", warning: "yellow", info: "blue" };

export function SeverityTag({ severity }: { severity: Severity }) {
    return <Tag colour={SEVERITY_COLOURS[severity] ?? "grey"}>{severityWords(severity)}</Tag>;
}
