// Data quality: what contradicts what, what was refused, how late and how complete records are, and whether their sources are heard of.
import { here, useAddress, useView } from "../address";
import { OnlyTeams } from "../components/access";
import { allTeams, Chooser, LiveMark } from "../components/chooser";
import { PageTitle } from "../components/page";
import { Loaded } from "../components/states";
import { useFresh } from "../live/fresh";
import { useAnswer, useLive } from "../live/hooks";
import { may } from "../me";
import { useNames } from "../names";
import { Exceptions } from "../quality/exceptions";
import { Feeds } from "../quality/feeds";
import { Quarantine } from "../quality/quarantine";
import { Periods, QualitySummary } from "../quality/summary";
import { addDays, longDay } from "../text/format";

const PARTS = [
    { name: null, label: "Figures" },
    { name: "exceptions", label: "Contradictions" },
    { name: "refused", label: "Refused records" },
    { name: "feeds", label: "Sources" },
] as const;

/** It reads every history: often enough for what changes slowly. */
const FRESH_MS = 60_000;

function Parts({ part }: { part: string | null }) {
    const address = useAddress();
    const others = { kind: null, code: null, source: null, cursor: null, from: null, known_at: null, state: null, after: null, refused: null, period: null, order: null };
    return (
        <nav class="moj-sub-navigation app-views" aria-label="Parts of data quality">
            <ul class="moj-sub-navigation__list">
                {PARTS.map((each) => (
                    <li class="moj-sub-navigation__item" key={each.label}>
                        <a class="moj-sub-navigation__link" href={here({ ...others, part: each.name }, address)} aria-current={each.name === part ? "page" : undefined}>
                            {each.label}
                        </a>
                    </li>
                ))}
            </ul>
        </nav>
    );
}

function Summary() {
    const address = useAddress();
    const view = useView();
    const today = useLive((state) => state.heartbeat?.today ?? null);
    const wanted = address.query.get("period");
    const period = wanted !== null && /^[1-9]\d{0,3}$/.test(wanted) ? wanted : null;
    const last = view.asAt ?? today;
    const from = period === null || last === null ? null : addDays(last, 1 - Number(period));
    const answer = useAnswer("data_quality", period !== null && last === null ? null : { as_at: view.asAt, from });
    useFresh(answer, view.live, FRESH_MS);
    return (
        <>
            <Periods period={period} />
            {from && <p class="govuk-body-s">Received since {longDay(from)}. What was refused is always what waits now.</p>}
            <Loaded answer={answer} what="Reading every history">
                {(reply) => <QualitySummary reply={reply} period={period} />}
            </Loaded>
        </>
    );
}

export default function DataQuality() {
    const address = useAddress();
    const view = useView();
    const names = useNames();
    const wanted = address.query.get("part");
    // A manager sees what contradicts in their teams' records; everything else is of the whole council.
    const part = may("analyst") ? (PARTS.find((each) => each.name === wanted)?.name ?? null) : "exceptions";
    const place = [view.pathway ? names.pathway(view.pathway) : null, view.team ? names.team(view.team) : allTeams(true)].filter(Boolean).join(", ");
    return (
        <>
            <PageTitle title="Data quality" caption={part === "exceptions" ? place : "The whole council"}>
                <LiveMark />
            </PageTitle>
            {part === "exceptions" ? <Chooser pathway="any" people /> : part === null ? <Chooser team={false} /> : null}
            {may("analyst") ? <Parts part={part} /> : <OnlyTeams />}
            {part === "exceptions" ? <Exceptions /> : part === "refused" ? <Quarantine /> : part === "feeds" ? <Feeds /> : <Summary />}
        </>
    );
}
