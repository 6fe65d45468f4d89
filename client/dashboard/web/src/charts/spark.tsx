// A trend line without axes, for a row of figures: who waits, and of them who waits longer than the standard. Drawn without the charting
// library, so that the first page of all comes without it.
import { useMemo } from "preact/hooks";
import { daysBetween, number } from "../text/format";

export interface SparkPoint {
    day: string;
    waiting: number;
    breach: number;
}

const WIDTH = 150;
const HEIGHT = 52;
const MARGIN = 5;

export interface SparkPath {
    waiting: string;
    breach: string;
    /** The waiting line closed along the ground. */
    area: string;
    /** Where the line ends: now. */
    end: { x: number; y: number };
}

/** The lines within WIDTH by HEIGHT, days to their own scale, counts from nought; null for fewer than two days. */
export function sparkPath(points: readonly SparkPoint[]): SparkPath | null {
    const first = points[0];
    const last = points[points.length - 1];
    if (!first || !last || first.day >= last.day) return null;
    const most = Math.max(1, ...points.map((point) => point.waiting));
    const x = (day: string) => MARGIN + ((WIDTH - 2 * MARGIN) * daysBetween(first.day, day)) / daysBetween(first.day, last.day);
    const y = (count: number) => HEIGHT - MARGIN - ((HEIGHT - 2 * MARGIN) * count) / most;
    const path = (of: "waiting" | "breach") => points.map((point, index) => `${index === 0 ? "M" : "L"}${x(point.day).toFixed(1)},${y(point[of]).toFixed(1)}`).join("");
    const waiting = path("waiting");
    const ground = (HEIGHT - MARGIN).toFixed(1);
    return {
        waiting,
        breach: path("breach"),
        area: `${waiting}L${(WIDTH - MARGIN).toFixed(1)},${ground}L${MARGIN.toFixed(1)},${ground}Z`,
        end: { x: x(last.day), y: y(last.waiting) },
    };
}

export function Spark({ title, points }: { title: string; points: readonly SparkPoint[] }) {
    const path = useMemo(() => sparkPath(points), [points]);
    const first = points[0];
    const last = points[points.length - 1];
    if (!path || !first || !last) return <div class="app-spark" />;
    const said = `${title}: waiting went from ${number(first.waiting)} to ${number(last.waiting)}, over the standard from ${number(first.breach)} to ${number(last.breach)}.`;
    return (
        <div class="app-spark app-live">
            <svg viewBox={`0 0 ${WIDTH} ${HEIGHT}`} width={WIDTH} height={HEIGHT} role="img" aria-label={said}>
                <path class="app-spark__area" d={path.area} />
                <path class="app-spark__breach" d={path.breach} />
                <path class="app-spark__waiting" d={path.waiting} />
                <circle class="app-spark__end" cx={path.end.x} cy={path.end.y} r="3.5" />
            </svg>
        </div>
    );
}
