// A chart as everybody can read it: drawn as SVG when the library has come, with a title, a description in words, and its table.
import type { ComponentChildren } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { Details } from "../components/details";
import { PlainTable } from "../components/table";

export type PlotLibrary = typeof import("./plot");

export interface ChartTable {
    head: readonly string[];
    rows: readonly (readonly (string | number)[])[];
}

interface ChartProps {
    /** Read out and shown above; says what is shown, of whom and when. */
    title: string;
    titleHidden?: boolean;
    /** What it comes to, in a sentence. */
    description: string;
    table: ChartTable;
    height: number;
    /** Draws at this width; it is drawn again when `data` changes. */
    draw: (plot: PlotLibrary, width: number) => SVGElement | HTMLElement;
    data: readonly unknown[];
    legend?: ComponentChildren;
}

let library: Promise<PlotLibrary> | null = null;

/** The library is loaded once, when the first chart is drawn. */
export function loadPlot(): Promise<PlotLibrary> {
    library ??= import("./plot");
    library.catch(() => (library = null));
    return library;
}

/** The width of an element in whole pixels, kept while the window changes. */
export function useWidth<E extends HTMLElement>(): [{ current: E | null }, number] {
    const element = useRef<E>(null);
    const [width, setWidth] = useState(0);
    useEffect(() => {
        const observer = new ResizeObserver(([entry]) => setWidth(Math.floor(entry?.contentRect.width ?? 0)));
        observer.observe(element.current!);
        return () => observer.disconnect();
    }, []);
    return [element, width];
}

let count = 0;

/** Makes the drawing one picture with a name and a description; what the library wrote inside as style is in our style sheet. */
export function asPicture(drawn: Element, title: string, description: string): void {
    const svg = drawn.tagName.toLowerCase() === "svg" ? drawn : drawn.querySelector("svg");
    if (!svg) return;
    svg.querySelectorAll("style").forEach((style) => style.remove());
    svg.querySelectorAll("[aria-label], [aria-description]").forEach((part) => {
        part.removeAttribute("aria-label");
        part.removeAttribute("aria-description");
    });
    count += 1;
    const parts = [
        ["title", `chart-title-${count}`, title],
        ["desc", `chart-desc-${count}`, description],
    ] as const;
    for (const [name, id, text] of [...parts].reverse()) {
        const part = document.createElementNS("http://www.w3.org/2000/svg", name);
        part.id = id;
        part.textContent = text;
        svg.prepend(part);
    }
    svg.setAttribute("role", "img");
    svg.setAttribute("aria-labelledby", parts[0][1]);
    svg.setAttribute("aria-describedby", parts[1][1]);
}

export function Chart(props: ChartProps) {
    const [box, width] = useWidth<HTMLDivElement>();
    const [failed, setFailed] = useState(false);
    useEffect(() => {
        if (width === 0) return;
        let wanted = true;
        loadPlot().then(
            (plot) => {
                if (!wanted || !box.current) return;
                const drawn = props.draw(plot, width);
                asPicture(drawn, props.title, props.description);
                box.current.replaceChildren(drawn);
                setFailed(false);
            },
            () => wanted && setFailed(true),
        );
        return () => void (wanted = false);
    }, [width, props.title, props.description, ...props.data]);

    return (
        <figure class="app-chart">
            <figcaption class={props.titleHidden ? "govuk-visually-hidden" : "app-chart__title"}>{props.title}</figcaption>
            {props.legend}
            <div class="app-chart__box app-live" ref={box} style={{ minHeight: props.height }} />
            {failed && <p class="govuk-body-s">The chart could not be loaded; its figures are in the table.</p>}
            <Details summary="Show as a table">
                <PlainTable caption={props.title} head={props.table.head} rows={props.table.rows} />
            </Details>
        </figure>
    );
}

/** The signs of a chart in words; each has a mark of its own besides its colour. */
export function Legend({ entries }: { entries: readonly { mark: string; label: string }[] }) {
    return (
        <ul class="app-legend">
            {entries.map((entry) => (
                <li key={entry.label} class="app-legend__entry">
                    <span class={`app-legend__mark app-legend__mark--${entry.mark}`} aria-hidden="true" />
                    {entry.label}
                </li>
            ))}
        </ul>
    );
}
