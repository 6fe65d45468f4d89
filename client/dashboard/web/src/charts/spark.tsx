// A trend line without axes, for a row of figures: who waits, and of them who waits longer than the standard.
import { useEffect } from "preact/hooks";
import { number } from "../text/format";
import { asPicture, loadPlot, useWidth } from "./chart";

export interface SparkPoint {
    day: string;
    waiting: number;
    breach: number;
}

const HEIGHT = 56;

export function Spark({ title, points }: { title: string; points: readonly SparkPoint[] }) {
    const [box, width] = useWidth<HTMLDivElement>();
    const first = points[0];
    const last = points[points.length - 1];
    const said = first && last ? `Waiting went from ${number(first.waiting)} to ${number(last.waiting)}, over the standard from ${number(first.breach)} to ${number(last.breach)}.` : "";
    useEffect(() => {
        if (width === 0 || points.length < 2) return;
        let wanted = true;
        void loadPlot().then((plot) => {
            if (!wanted || !box.current || !last) return;
            const x = (point: SparkPoint) => new Date(`${point.day}T00:00:00Z`);
            const drawn = plot.plot({
                width, height: HEIGHT, margin: 5, marginRight: 7,
                x: { axis: null, type: "utc" },
                y: { axis: null, domain: [0, Math.max(1, ...points.map((point) => point.waiting)) * 1.05] },
                marks: [
                    plot.ruleY([0], { stroke: "var(--app-chart-grid)" }),
                    plot.areaY(points, { x, y: "waiting", fill: "var(--app-chart-main)", fillOpacity: 0.1 }),
                    plot.lineY(points, { x, y: "breach", stroke: "var(--app-chart-over)", strokeWidth: 1.75, strokeDasharray: "2 3" }),
                    plot.lineY(points, { x, y: "waiting", stroke: "var(--app-chart-main)", strokeWidth: 2.25 }),
                    plot.dot([last], { x, y: "waiting", r: 3.5, fill: "var(--app-chart-main)" }),
                ],
            });
            asPicture(drawn, title, said);
            box.current.replaceChildren(drawn);
        }, () => undefined);
        return () => void (wanted = false);
    }, [width, points, title]);
    return <div class="app-spark app-live" ref={box} style={{ minHeight: HEIGHT }} />;
}
