// A number with its bar: all bars of a column are on one scale, so that rows can be compared at a glance.
import type { ComponentChildren } from "preact";

export function Bar({ value, most, over = false, children }: { value: number; most: number; over?: boolean; children: ComponentChildren }) {
    const share = most > 0 ? Math.min(1, Math.max(0, value / most)) : 0;
    return (
        <span class="app-bar">
            <span class="app-bar__number">{children}</span>
            <span class="app-bar__track" aria-hidden="true">
                <span class={`app-bar__fill${over ? " app-bar__fill--over" : ""}`} style={{ width: `${(share * 100).toFixed(2)}%` }} />
            </span>
        </span>
    );
}
