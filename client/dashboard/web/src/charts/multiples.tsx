// Small multiples: one little chart for each team or district, all on the same scale, with one table for all of them.
import { useEffect, useMemo } from "preact/hooks";
import { Details } from "../components/details";
import { PlainTable } from "../components/table";
import { shortDay } from "../text/format";
import { asPicture, loadPlot, useWidth, type PlotLibrary } from "./chart";

export interface Multiple {
    key: string;
    label: string;
    href: string | undefined;
    /** Per cent at the end of each day; null where nobody waited. */
    points: readonly { day: string; share: number | null }[];
}

const HEIGHT = 74;

function draw(plot: PlotLibrary, width: number, points: Multiple["points"]) {
    const x = (point: { day: string }) => new Date(`${point.day}T00:00:00Z`);
    const last = [...points].reverse().find((point) => point.share !== null);
    return plot.plot({
        width, height: HEIGHT, marginLeft: 34, marginRight: 8, marginTop: 8, marginBottom: 8,
        x: { axis: null, type: "utc" },
        y: { label: null, domain: [0, 100] },
        marks: [
            plot.gridY([0, 50, 100], { stroke: "var(--app-chart-grid)", strokeOpacity: 1 }),
            plot.axisY([0, 50, 100], { tickSize: 0, label: null, tickFormat: (value: number) => `${value}%` }),
            plot.areaY(points, { x, y: "share", fill: "var(--app-chart-over)", fillOpacity: 0.1 }),
            plot.lineY(points, { x, y: "share", stroke: "var(--app-chart-over)", strokeWidth: 2 }),
            ...(last ? [plot.dot([last], { x, y: "share", r: 3.5, fill: "var(--app-chart-over)" })] : []),
        ],
    });
}

function words(points: Multiple["points"]): string {
    const shares = points.map((point) => point.share).filter((share) => share !== null);
    if (shares.length === 0) return "Nobody waited.";
    return `From ${shares[0]}% to ${shares[shares.length - 1]}%.`;
}

function Small({ multiple }: { multiple: Multiple }) {
    const [box, width] = useWidth<HTMLDivElement>();
    const said = words(multiple.points);
    useEffect(() => {
        if (width === 0) return;
        let wanted = true;
        void loadPlot().then((plot) => {
            if (!wanted || !box.current) return;
            const drawn = draw(plot, width, multiple.points);
            asPicture(drawn, `${multiple.label}, share over the standard`, said);
            box.current.replaceChildren(drawn);
        }, () => undefined);
        return () => void (wanted = false);
    }, [width, multiple.points, multiple.label]);
    return (
        <li class="app-multiple">
            <a class="govuk-link govuk-link--no-visited-state app-multiple__name" href={multiple.href}>
                {multiple.label}
            </a>
            <span class="app-multiple__words">{said}</span>
            <div class="app-chart__box app-live" ref={box} style={{ minHeight: HEIGHT }} />
        </li>
    );
}

export function Multiples({ caption, multiples }: { caption: string; multiples: readonly Multiple[] }) {
    const days = useMemo(() => multiples[0]?.points.map((point) => point.day) ?? [], [multiples]);
    return (
        <>
            <ul class="app-multiples">
                {multiples.map((multiple) => (
                    <Small key={multiple.key} multiple={multiple} />
                ))}
            </ul>
            <Details summary="Show as a table">
                <div class="app-table-scroll" tabIndex={0} role="region" aria-label={`${caption}, table`}>
                    <PlainTable
                        caption={caption}
                        head={["", ...days.map(shortDay)]}
                        rows={multiples.map((multiple) => [multiple.label, ...multiple.points.map((point) => (point.share === null ? "–" : `${point.share}%`))])}
                    />
                </div>
            </Details>
        </>
    );
}
