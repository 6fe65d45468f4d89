// Definitions: what every number means, with the version of its rules, the council's standards, and what is never meant.
import { useEffect, useState } from "preact/hooks";
import { useAddress } from "../address";
import type { PathwaySettings } from "../api/types";
import { PageTitle, Section } from "../components/page";
import { SortableTable, type Column } from "../components/table";
import { useAnswer } from "../live/hooks";
import { useNames } from "../names";
import { DEFINITION_GROUPS, NEVER, type Definition, type DefinitionGroup, type RuleOf } from "../text/definitions";
import { humanise, number } from "../text/format";

function One({ definition, version, isTarget }: { definition: Definition; version: number | null; isTarget: boolean }) {
    return (
        <div class={`app-meaning${isTarget ? " app-meaning--target" : ""}`}>
            <dt class="app-meaning__term" id={definition.id} tabIndex={-1}>
                {definition.term}
            </dt>
            <dd class="app-meaning__text">
                {definition.text.map((text) => (
                    <p class="govuk-body" key={text}>
                        {text}
                    </p>
                ))}
                {version !== null && <p class="govuk-body-s app-meaning__version">Counted by version {number(version)} of its rules.</p>}
            </dd>
        </div>
    );
}

function Group({ group, versions, target }: { group: DefinitionGroup; versions: Partial<Record<RuleOf, number>>; target: string }) {
    return (
        <Section title={group.title} id={`group-${group.id}`} about={group.about}>
            <dl class="app-meanings">
                {group.definitions.map((definition) => (
                    <One key={definition.id} definition={definition} version={definition.rule ? (versions[definition.rule] ?? null) : null} isTarget={definition.id === target} />
                ))}
            </dl>
        </Section>
    );
}

function columns(names: ReturnType<typeof useNames>): Column<PathwaySettings>[] {
    return [
        { name: "pathway", heading: "Waiting for", sort: (row) => names.pathway(row.name), cell: (row) => names.pathway(row.name), rowHeading: true },
        {
            name: "standard",
            heading: "Standard",
            sort: (row) => row.standard_days,
            cell: (row) => {
                const own = Object.entries(row.standard_by_priority);
                return (
                    <>
                        {number(row.standard_days)} {row.unit === "working_days" ? "working days" : "days"}
                        {own.length > 0 && <span class="app-people__note">{own.map(([priority, days]) => `priority ${priority}: ${number(days)}`).join(", ")}</span>}
                    </>
                );
            },
        },
        { name: "pauses", heading: "Paused days", sort: (row) => row.pauses, cell: (row) => (row.pauses === "exclude" ? "Taken off" : "Count") },
        { name: "stops", heading: "The clock stops", sort: (row) => row.clock_stops_on, cell: (row) => (row.clock_stops_on === "started" ? "When the assessment starts" : "When the wait ends") },
    ];
}

function Standards() {
    const names = useNames();
    const pathways = names.configuration?.pathways ?? [];
    if (pathways.length === 0) return null;
    return (
        <Section title="The council’s standards now" id="group-standards" about="A past day is judged by the standards that applied on it.">
            <SortableTable caption="Standards by what people wait for" captionHidden columns={columns(names)} rows={pathways} rowKey={(row) => row.name} initial="pathway" />
        </Section>
    );
}

/** The definition that the address names: in sight, and read out. */
function useTarget(): string {
    const address = useAddress();
    const [target, setTarget] = useState("");
    useEffect(() => {
        const look = () => {
            const id = decodeURIComponent(location.hash.slice(1));
            setTarget(id);
            const place = id ? document.getElementById(id) : null;
            place?.scrollIntoView();
            place?.focus({ preventScroll: true });
        };
        look();
        window.addEventListener("hashchange", look);
        return () => window.removeEventListener("hashchange", look);
    }, [address]);
    return target;
}

export default function Definitions() {
    const policies = useAnswer("policies", {});
    const versions: Partial<Record<RuleOf, number>> = policies.status === "ready" ? policies.reply.rule_versions : {};
    const target = useTarget();
    return (
        <>
            <PageTitle title="Definitions" caption="What every number means" />
            <nav class="app-contents" aria-label="Contents">
                <ul class="govuk-list">
                    {DEFINITION_GROUPS.map((group) => (
                        <li key={group.id}>
                            <a class="govuk-link govuk-link--no-visited-state" href={`#group-${group.id}`}>
                                {group.title}
                            </a>
                        </li>
                    ))}
                    <li>
                        <a class="govuk-link govuk-link--no-visited-state" href="#group-never">
                            What is never meant
                        </a>
                    </li>
                </ul>
            </nav>
            {DEFINITION_GROUPS.map((group) => (
                <Group key={group.id} group={group} versions={versions} target={target} />
            ))}
            <Section title="What is never meant" id="group-never">
                <ul class="govuk-list govuk-list--bullet govuk-list--spaced app-never">
                    {NEVER.map((text) => (
                        <li key={text}>{text}</li>
                    ))}
                </ul>
            </Section>
            <Standards />
            {policies.status === "ready" && (
                <p class="govuk-body-s app-empty">
                    Rules: {Object.entries(policies.reply.rule_versions).map(([name, version]) => `${humanise(name).toLowerCase()} ${version}`).join(", ")}. A figure that comes to be counted otherwise gets a new version.
                </p>
            )}
        </>
    );
}
