// Puts the weeks of a distribution together where there are too many to draw one by one.
import type { Week } from "../api/types";

export interface Bar {
    from: number;
    /** Included; null is without end. */
    to: number | null;
    within: number;
    over: number;
}

/** At most `most` bars, each of as many whole weeks as that needs: 1, 2, 4, 8 … */
export function bars(weeks: readonly Week[], most: number): Bar[] {
    let together = 1;
    while (Math.ceil(weeks.length / together) > most) together *= 2;
    const made: Bar[] = [];
    weeks.forEach((week, index) => {
        if (index % together === 0) made.push({ from: week.from_days, to: week.to_days, within: 0, over: 0 });
        const bar = made[made.length - 1]!;
        bar.to = week.to_days;
        bar.within += week.count - week.over_standard;
        bar.over += week.over_standard;
    });
    return made;
}

/** "0 to 6", "3,633 or more" */
export function barWords(bar: Bar): string {
    return bar.to === null ? `${bar.from} or more` : `${bar.from} to ${bar.to}`;
}

export function barWeeks(bar: Bar): number {
    return bar.to === null ? 1 : Math.round((bar.to + 1 - bar.from) / 7);
}
