// What every number means, in plain English; the daemon's rules (docs/rules.md) decide, and the tests hold the names of both together.

/** The figures that have a version of their rules. */
export type RuleOf = "position" | "flow" | "exceptions" | "data_quality";

export interface Definition {
    /** The place in /definitions that figures lead to. */
    id: string;
    term: string;
    text: readonly string[];
    rule?: RuleOf;
}

export interface DefinitionGroup {
    id: string;
    title: string;
    about?: string;
    definitions: readonly Definition[];
}

export const DEFINITION_GROUPS: readonly DefinitionGroup[] = [
    {
        id: "who",
        title: "Who is waiting",
        about: "One wait is one person waiting for one thing. Who waits for two things counts twice, once for each.",
        definitions: [
            {
                id: "waiting", term: "Waiting", rule: "position",
                text: ["Waits whose clock has started and has not stopped, at the end of the day that is shown.", "Each counts with the team that it has on that day."],
            },
            { id: "scheduled", term: "Planned", rule: "position", text: ["Waits whose clock starts on a later day, like a review that is due next month. They are not among the waiting."] },
            { id: "unallocated", term: "No worker yet", rule: "position", text: ["Waiting, and nobody is allocated: the unallocated. A move to another team takes the worker away."] },
            { id: "allocated", term: "Allocated", rule: "position", text: ["Waiting, and a named worker has the case; the assessment has not started."] },
            { id: "in_progress", term: "Under way", rule: "position", text: ["Waiting, and the assessment has started. On pathways where the start stops the clock nobody is counted here."] },
            { id: "worker", term: "Worker", text: ["Who a wait is allocated to, by a reference. Names are not kept here."] },
            { id: "stage", term: "Stage", text: ["No worker yet, allocated, or under way. The three add up to all who wait."] },
            {
                id: "paused", term: "Paused", rule: "position",
                text: [
                    "Waiting, and a pause is open: the person is in hospital, say, or asked to wait.",
                    "Whether paused days count is the council’s choice for each pathway. Unless it says otherwise they do: the Care Act knows no pause. Both counts are shown on a person’s page.",
                ],
            },
            {
                id: "no_contact", term: "No contact in time", rule: "position",
                text: [
                    "Waiting, and nobody has been in touch for longer than the council’s interval, by calendar days since the last contact or, without one, since the clock started.",
                    "The interval is 28 days, 7 for priority 1 and 14 for priority 2, unless the council has set others.",
                ],
            },
            { id: "priority", term: "Priority", text: ["1 to 4, 1 being the most urgent, as recorded when the referral was looked at. Some pathways have a shorter standard for a higher priority."] },
            {
                id: "risk", term: "Risk",
                text: ["Impact (1 to 5) times likelihood (1 to 5): 1 to 25, as in the council’s own risk scoring. Where either is not recorded there is no risk, and in lists such people come last."],
            },
            {
                id: "excluded", term: "Left out of every count",
                text: ["Waits that were closed as a duplicate or as recorded in error count on no day, not even on days before they were closed. Their records are kept."],
            },
        ],
    },
    {
        id: "how-long",
        title: "How long",
        definitions: [
            {
                id: "days", term: "Days waited", rule: "position",
                text: [
                    "Calendar days from the day the clock started, which is day 0, to the day that is shown. Hours do not matter.",
                    "On pathways that count working days only Mondays to Fridays without bank holidays count; where pauses are taken off, paused days do not.",
                ],
            },
            { id: "longest", term: "Longest", rule: "position", text: ["The most days that anybody here has waited."] },
            { id: "median", term: "Median", rule: "position", text: ["Half of those waiting have waited less, half more. For an even number it is the mean of the middle two."] },
            { id: "mean", term: "Mean", rule: "position", text: ["All days waited, divided by the number of people, to one decimal. A few very long waits raise it, so look at the median too."] },
            { id: "p90", term: "9 in 10", rule: "position", text: ["Nine in ten of those waiting have waited so long or less."] },
        ],
    },
    {
        id: "over-standard",
        title: "Over standard",
        about: "A standard is the council’s own. Twenty-eight days is a local standard: no statutory time limit exists for a Care Act assessment. The Ombudsman has called four to six weeks reasonable.",
        definitions: [
            {
                id: "standard", term: "Standard",
                text: ["How many days somebody should wait at most, set by the council for each pathway, and for some pathways by priority. It is 28 unless set otherwise."],
            },
            {
                id: "breach", term: "Over standard", rule: "position",
                text: [
                    "Waiting, and more days waited than the standard says. With a standard of 28 days, day 28 is still within it and day 29 is over: this is what is meant by a breach here, and it is no breach of a law.",
                    "Days to breach say how many days are left until that day.",
                ],
            },
            {
                id: "due", term: "Due this week", rule: "position",
                text: ["Waiting, not over standard, and over it seven days from now if nothing happens. Somebody whose days stand still in a pause is not due."],
            },
        ],
    },
    {
        id: "flow",
        title: "What moves",
        about: "Counted between two days, both included, over everything that is known now. Those waiting at the beginning, plus started and opened again, less completed and closed, are those waiting at the end; for a team the moves in and out come to it.",
        definitions: [
            { id: "started", term: "Started waiting", rule: "flow", text: ["Waits whose clock started on those days."] },
            { id: "completed", term: "Completed", rule: "flow", text: ["Waits whose clock was stopped by what the person waited for: an assessment, a review, a service. “Within standard” are those that had waited as long as the standard says or less."] },
            { id: "closed", term: "Closed", rule: "flow", text: ["Waits that ended without it: withdrawn, declined, moved away, died and so on."] },
            { id: "reopened", term: "Opened again", rule: "flow", text: ["Ends that were taken back. The clock goes on as if it had never stopped."] },
            { id: "transferred", term: "Moved team", rule: "flow", text: ["People who waited and have another team at the end of the day than at its beginning."] },
            { id: "contacts", term: "Contacts made", rule: "flow", text: ["Records of having been in touch with somebody who waits."] },
        ],
    },
    {
        id: "which-day",
        title: "Which day, and what was known",
        about: "Records come late and are corrected. So every figure has two dates: the day that it is about, and the day on which it was known.",
        definitions: [
            { id: "known", term: "As known now", text: ["The day as it looks today, with everything that was recorded since. Figures of a past day can still change."] },
            { id: "reported", term: "As reported", text: ["What stood at the midnight that ended the day. It was stored then and never changes. Counts are kept, no list of people."] },
            { id: "restatement", term: "Restatement", rule: "position", text: ["As known now less as reported: what late and corrected records have changed about a day that was reported."] },
            { id: "live", term: "Live", text: ["A page is live while it hears from the service every second. When it does not, it says so at once and since when, and marks its figures as old."] },
        ],
    },
    {
        id: "alerts",
        title: "Alerts",
        about: "An alert is open exactly as long as what it says is so, and ends by itself, whoever has acknowledged it.",
        definitions: [
            { id: "alert", term: "Alert", text: ["Somebody comes near their standard, passes it, or waits very long. What makes an alert, and how severe each is, the council sets."] },
            { id: "acknowledged", term: "Acknowledged", text: ["Somebody has said that they deal with it, perhaps until a day. When that day passes and the alert is still open, its severity rises by one."] },
            { id: "since", term: "Since", text: ["The first day of the unbroken run of days on which it was so, as known now. It can lie before the alert was raised, when a record came late."] },
        ],
    },
    {
        id: "quality",
        title: "Data quality",
        definitions: [
            { id: "exception", term: "Contradiction", rule: "exceptions", text: ["A record that contradicts the others, like a contact after the end of a wait. It has no effect on any figure until a correction resolves it; then it takes effect by itself."] },
            { id: "quarantine", term: "Refused record", text: ["A record that could not be accepted at all. It is kept, counts nowhere, and waits for somebody to put right what is wrong."] },
            { id: "late", term: "Recorded late", rule: "data_quality", text: ["Received more days after it happened than the council allows, 14 unless set otherwise. It counts, on the day on which it happened."] },
            { id: "unknown_value", term: "Unknown value", rule: "data_quality", text: ["A team, district, group or other value that the configuration does not list. It counts, under that value."] },
            { id: "same_person", term: "The same person twice", rule: "data_quality", text: ["One person with two open waits for the same thing."] },
            { id: "complete", term: "Complete", rule: "data_quality", text: ["In how many of the waits with a referral a value is recorded. “Unknown” is no value."] },
        ],
    },
];

export const NEVER = [
    "That a law was broken. Twenty-eight days is the council’s own standard for a Care Act assessment; there is no statutory time limit.",
    "That somebody is at fault. Long waits have many causes, and this shows how long, not why.",
    "Who somebody is. People and workers are shown by reference, as the case management system writes it.",
    "That a figure is final. Late records change past days; what was reported stays beside it, so that the change can be seen.",
] as const;
