// Impact against likelihood, five by five: how many wait in each cell, and a way to them.
import type { Group } from "../live/hooks";
import { number, plural } from "../text/format";

const LEVELS = ["1", "2", "3", "4", "5"];
/** The deepest shade still leaves text its contrast. */
const DEEPEST = 0.42;

interface RiskMatrixProps {
    rows: readonly Group[];
    people: (impact: string, likelihood: string) => string | undefined;
}

function Cell({ impact, likelihood, count, most, href }: { impact: string; likelihood: string; count: number; most: number; href: string | undefined }) {
    const risk = Number(impact) * Number(likelihood);
    return (
        <td class="app-risk__cell app-live" style={count > 0 ? { backgroundColor: `rgb(var(--app-heat) / ${(0.05 + (DEEPEST - 0.05) * (count / most)).toFixed(3)})` } : {}}>
            {count === 0 ? (
                <span class="app-risk__none">0</span>
            ) : (
                <a class="govuk-link govuk-link--text-colour app-risk__count" href={href}>
                    {number(count)}
                    <span class="govuk-visually-hidden">
                        {" "}
                        waiting with impact {impact} and likelihood {likelihood}
                    </span>
                </a>
            )}
            <span class="app-risk__score">
                <span class="govuk-visually-hidden">, </span>risk {risk}
            </span>
        </td>
    );
}

export function RiskMatrix({ rows, people }: RiskMatrixProps) {
    const counts = new Map(rows.map((row) => [`${row.keys.impact} ${row.keys.likelihood}`, row.position.waiting]));
    const of = (impact: string, likelihood: string) => counts.get(`${impact} ${likelihood}`) ?? 0;
    const most = Math.max(1, ...LEVELS.flatMap((impact) => LEVELS.map((likelihood) => of(impact, likelihood))));
    const assessed = LEVELS.reduce((sum, impact) => sum + LEVELS.reduce((part, likelihood) => part + of(impact, likelihood), 0), 0);
    const all = rows.reduce((sum, row) => sum + row.position.waiting, 0);
    return (
        <>
            <div class="app-table-scroll" tabIndex={0} role="region" aria-label="Risk matrix">
                <table class="app-risk">
                    <caption class="govuk-visually-hidden">Waiting by impact, in rows from 5 to 1, and likelihood, in columns from 1 to 5</caption>
                    <thead>
                        <tr>
                            <td class="app-risk__corner">Impact down, likelihood across</td>
                            {LEVELS.map((likelihood) => (
                                <th key={likelihood} scope="col">
                                    <span class="app-risk__word">Likelihood </span>
                                    {likelihood}
                                </th>
                            ))}
                        </tr>
                    </thead>
                    <tbody>
                        {[...LEVELS].reverse().map((impact) => (
                            <tr key={impact}>
                                <th scope="row">
                                    <span class="app-risk__word">Impact </span>
                                    {impact}
                                </th>
                                {LEVELS.map((likelihood) => (
                                    <Cell key={likelihood} impact={impact} likelihood={likelihood} count={of(impact, likelihood)} most={most} href={people(impact, likelihood)} />
                                ))}
                            </tr>
                        ))}
                    </tbody>
                </table>
            </div>
            {all > assessed && (
                <p class="govuk-body-s">
                    <a class="govuk-link govuk-link--no-visited-state" href={people("unknown", "")}>
                        {plural(all - assessed, "person waits", "people wait")} without a full risk assessment
                    </a>
                    .
                </p>
            )}
        </>
    );
}
