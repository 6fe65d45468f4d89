// Events of a small council, as a case system would send them.
let number = 0;

/** `kind` without "asc."; `day` stands for nine o'clock in London's summer time. */
export function event(kind, subject, day, data = {}) {
    number += 1;
    return {
        specversion: "1.0",
        id: `b-${number}`,
        source: "urn:las",
        type: `asc.${kind}`,
        subject,
        time: day.includes("T") ? day : `${day}T09:00:00+01:00`,
        data,
    };
}

export function referral(subject, day, data = {}) {
    return event("referral.received", subject, day, { pathway: "needs_assessment", team: "north", person: `P-${subject}`, ...data });
}

/** The day `count` days before `day`. */
export function before(day, count) {
    return new Date(Date.parse(day) - count * 86_400_000).toISOString().slice(0, 10);
}
