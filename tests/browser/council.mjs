// A small council whose figures a test can say by heart, on the clock of 1 July 2025.
import { before, event, referral } from "./events.mjs";

export const TODAY = "2025-07-01";
export const NOW = "2025-07-01T12:00:00+01:00";
export const CONFIGURATION = `
council = { name = "Exampleshire County Council"; };
teams = ( { name = "north"; label = "North older people"; district = "lancaster"; }, { name = "south"; label = "South older people"; district = "preston"; } );
districts = ( "lancaster", "preston" );
sources = ( { name = "urn:las"; silence_minutes = 0; } );
`;

/** Waits of 5, 15, … 145 days in each team: 30 in all, of whom 24 have waited more than 28 days; one is paused, one allocated, one completed. */
export function people() {
    const events = [];
    for (const team of ["north", "south"]) {
        for (let index = 0; index < 15; index += 1) {
            const subject = `${team}-${String(index).padStart(2, "0")}`;
            events.push(
                referral(subject, before(TODAY, 5 + 10 * index), {
                    team,
                    district: team === "north" ? "lancaster" : "preston",
                    priority: 1 + (index % 4),
                    impact: 1 + (index % 5),
                    likelihood: 1 + ((index * 2) % 5),
                }),
            );
        }
    }
    events.push(event("wait.allocated", "north-03", before(TODAY, 10), { worker: "worker-1" }));
    events.push(event("contact.made", "north-03", before(TODAY, 9), { method: "phone" }));
    events.push(event("wait.paused", "north-04", before(TODAY, 3), { reason: "in_hospital" }));
    events.push(referral("north-done", before(TODAY, 60)), event("assessment.completed", "north-done", before(TODAY, 2), { outcome: "care_and_support" }));
    // Recorded after the end: an exception.
    events.push(event("contact.made", "north-done", before(TODAY, 1), { method: "visit" }));
    return events;
}
