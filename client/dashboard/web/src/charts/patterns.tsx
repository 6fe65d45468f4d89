// The patterns that charts fill areas with, so that colour is not the only sign; one set for all drawings of the page.

export const HATCH_OVER = "url(#hatch-over)";
export const HATCH_SECOND = "url(#hatch-second)";

function Hatch({ id, colour, angle }: { id: string; colour: string; angle: number }) {
    return (
        <pattern id={id} width="6" height="6" patternUnits="userSpaceOnUse" patternTransform={`rotate(${angle})`}>
            <rect width="6" height="6" fill="var(--app-card)" />
            <rect width="4" height="6" fill={colour} />
        </pattern>
    );
}

export function Patterns() {
    return (
        <svg class="app-patterns" width="0" height="0" aria-hidden="true" focusable="false">
            <defs>
                <Hatch id="hatch-over" colour="var(--app-chart-over)" angle={45} />
                <Hatch id="hatch-second" colour="var(--app-chart-second)" angle={-45} />
            </defs>
        </svg>
    );
}
