// A figure as people read it: the number, what it is (one click from its definition), and how it has changed, in words and by an arrow.
import type { ComponentChildren } from "preact";
import { link } from "../address";
import { change, number } from "../text/format";

export interface Before {
    value: number | null | undefined;
    /** "since yesterday" */
    since: string;
}

/** Fewer people and shorter waits are better; where neither is, nothing is said by colour. */
export type Better = "less" | "more" | "neither";

interface ChangeLineProps {
    now: number | null;
    before: Before;
    better?: Better;
    more?: string;
    fewer?: string;
    /** Where many stand in columns: the arrow and the number, the word for it read out only. */
    compact?: boolean;
}

export function ChangeLine({ now, before, better = "less", more, fewer, compact = false }: ChangeLineProps) {
    const changed = change(now, before.value, more, fewer);
    if (!changed) return null;
    const good = changed.direction === "same" || better === "neither" ? "" : (changed.direction === "down") === (better === "less") ? " app-change--better" : " app-change--worse";
    return (
        <span class={`app-change${good}`}>
            <span class="app-change__arrow" aria-hidden="true">
                {changed.arrow}
            </span>{" "}
            {compact ? (
                <>
                    <span aria-hidden="true">{number(Math.abs(changed.amount))} </span>
                    <span class="govuk-visually-hidden">{changed.words} </span>
                </>
            ) : (
                `${changed.words} `
            )}
            {before.since}
        </span>
    );
}

interface FigureProps {
    label: ComponentChildren;
    value: number | null;
    /** The place of its definition. */
    definition: string;
    unit?: string;
    before?: readonly Before[];
    better?: Better;
    more?: string;
    fewer?: string;
    /** Where the people behind the number are. */
    href?: string | undefined;
    emphasis?: boolean;
    /** In a row of many: of a change the arrow and the number, the word for it read out only. */
    compact?: boolean;
    note?: ComponentChildren;
}

export function DefinitionLink({ of, children }: { of: string; children: ComponentChildren }) {
    return (
        <a class="app-definition" href={`${link("/definitions")}#${of}`} title="What this means">
            {children}
        </a>
    );
}

export function Figure(props: FigureProps) {
    const text = number(props.value);
    return (
        <div class={`app-figure app-live${props.emphasis ? " app-figure--emphasis" : ""}`}>
            <dt class="app-figure__label">
                <DefinitionLink of={props.definition}>{props.label}</DefinitionLink>
            </dt>
            <dd class="app-figure__value">
                <span class="app-figure__number">
                    {props.href ? (
                        <a class="govuk-link govuk-link--no-visited-state" href={props.href}>
                            {text}
                        </a>
                    ) : (
                        text
                    )}
                    {props.unit && props.value !== null && <span class="app-figure__unit"> {props.value === 1 ? props.unit.replace(/s$/, "") : props.unit}</span>}
                </span>
                {props.note && <span class="app-figure__note">{props.note}</span>}
                {props.before?.map((before) => (
                    <ChangeLine
                        key={before.since}
                        now={props.value}
                        before={before}
                        {...(props.better ? { better: props.better } : {})}
                        {...(props.more ? { more: props.more } : {})}
                        {...(props.fewer ? { fewer: props.fewer } : {})}
                        compact={props.compact ?? false}
                    />
                ))}
            </dd>
        </div>
    );
}

export function Figures({ children, many = false }: { children: ComponentChildren; many?: boolean }) {
    return <dl class={`app-figures${many ? " app-figures--many" : ""}`}>{children}</dl>;
}

/** Under a table whose headings sort, so that they cannot lead to the definitions themselves. */
export function MeaningsLink() {
    return (
        <p class="govuk-body-s app-no-print">
            <a class="govuk-link" href={link("/definitions")}>
                What these words mean
            </a>
        </p>
    );
}
