// The council's own words: labels of pathways and teams, standards, bands, time zone; loaded once and given to all pages.
import { createContext, type ComponentChildren } from "preact";
import { useContext, useMemo } from "preact/hooks";
import type { Configuration, PathwaySettings } from "./api/types";
import { useAnswer } from "./live/hooks";
import { humanise, placeName } from "./text/format";

export interface Choice {
    value: string;
    label: string;
}

export interface Names {
    council: string;
    timeZone: string;
    epoch: string;
    bands: number[];
    configuration: Configuration | null;
    pathway(name: string): string;
    team(name: string): string;
    district(name: string): string;
    settings(pathway: string): PathwaySettings | null;
    /** "28 days", "5 working days", "1 to 42 days by priority" */
    standard(pathway: string): string;
    pathways: Choice[];
    teams: Choice[];
}

const NO_COUNCIL: Names = makeNames(null);
const Context = createContext<Names>(NO_COUNCIL);

function byLabel(a: Choice, b: Choice): number {
    return a.label.localeCompare(b.label, "en-GB");
}

export function standardWords(settings: PathwaySettings | null): string {
    if (!settings) return "28 days";
    const unit = settings.unit === "working_days" ? "working days" : "days";
    const all = Object.values(settings.standard_by_priority);
    if (all.length === 0) return `${settings.standard_days} ${settings.standard_days === 1 ? unit.slice(0, -1) : unit}`;
    const least = Math.min(settings.standard_days, ...all);
    const most = Math.max(settings.standard_days, ...all);
    return least === most ? `${least} ${unit}` : `${least} to ${most} ${unit}, by priority`;
}

export function makeNames(configuration: Configuration | null): Names {
    const pathways = new Map((configuration?.pathways ?? []).map((each) => [each.name, each]));
    const teams = new Map((configuration?.teams ?? []).map((each) => [each.name, each.label || placeName(each.name)]));
    return {
        council: configuration?.council.name ?? "",
        timeZone: configuration?.council.timezone ?? "Europe/London",
        epoch: configuration?.council.epoch ?? "1990-01-01",
        bands: configuration?.bands ?? [],
        configuration,
        pathway: (name) => pathways.get(name)?.label || (name === "unknown" ? "Not recorded" : humanise(name)),
        team: (name) => teams.get(name) ?? placeName(name),
        district: placeName,
        settings: (name) => pathways.get(name) ?? null,
        standard: (name) => standardWords(pathways.get(name) ?? null),
        // In the order in which the council lists them, which is its own.
        pathways: [...pathways.values()].map((each) => ({ value: each.name, label: each.label || humanise(each.name) })),
        teams: [...teams].map(([value, label]) => ({ value, label })).sort(byLabel),
    };
}

export function NamesProvider({ children }: { children: ComponentChildren }) {
    const answer = useAnswer("config", {});
    const configuration = answer.status === "ready" ? answer.reply.config : null;
    const names = useMemo(() => makeNames(configuration), [configuration]);
    return <Context.Provider value={names}>{children}</Context.Provider>;
}

export function useNames(): Names {
    return useContext(Context);
}
