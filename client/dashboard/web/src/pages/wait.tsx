// The page of one wait: where it stands, how its days are counted, its alerts, and everything that happened, in plain words.
import type { ComponentChildren } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { go, here, link, useAddress, useView, type View } from "../address";
import { announce } from "../announce";
import type { ExceptionRow, Wait as WaitShape, WaitReply } from "../api/types";
import { Chooser, LiveMark } from "../components/chooser";
import { ErrorSummary, TextInput } from "../components/forms";
import { PageTitle, Section } from "../components/page";
import { Loaded } from "../components/states";
import { useFresh } from "../live/fresh";
import { useAnswer, type Answer } from "../live/hooks";
import { ownTeams } from "../me";
import { useNames } from "../names";
import { lastList } from "../people/last-list";
import { standing } from "../text/waits";
import { About, Counting, WaitAlerts, WaitFigures } from "../wait/parts";
import { Timeline } from "../wait/timeline";

const FOLLOW_MS = 1000;
const FRESH_MS = 4000;
const BACKDATED_DAYS = 14;

function BackLink() {
    return (
        <a class="govuk-back-link app-no-print" href={lastList() ?? link("/people")}>
            Back to the list
        </a>
    );
}

/** Asks for a reference where the address has none, or one that nobody knows. */
function Search({ subject }: { subject: string }) {
    const [error, setError] = useState<string | null>(null);
    const submit = (event: Event) => {
        event.preventDefault();
        const typed = String(new FormData(event.currentTarget as HTMLFormElement).get("subject") ?? "").trim();
        if (typed === "") return setError("Enter the reference of a wait");
        setError(null);
        go(here({ subject: typed }));
    };
    return (
        <form onSubmit={submit} noValidate aria-label="Find a wait">
            <ErrorSummary errors={error ? [{ id: "subject", message: error }] : []} />
            <TextInput id="subject" name="subject" label="Reference" hint="As your case management system writes it" value={subject} width={20} error={error} />
            <button type="submit" class="govuk-button">
                Find
            </button>
        </form>
    );
}

function NotFound({ subject, asAt }: { subject: string; asAt: string | null }) {
    return (
        <>
            <PageTitle title={ownTeams() === null ? "No wait has this reference" : "No wait of your teams has this reference"} caption={subject} />
            <Section title="Nothing was recorded under it">
                <p class="govuk-body">Check that the reference is complete. {asAt ? "It may have been recorded after the day that is shown." : ownTeams() !== null ? "The waits of other teams are not shown to you." : "A record that was refused is not here: look under Data quality."}</p>
                <Search subject={subject} />
            </Section>
        </>
    );
}

/** Says to screen readers that the wait has changed while it was open. */
function useTold(reply: WaitReply | null): void {
    const last = useRef<{ subject: string; seen: string } | null>(null);
    useEffect(() => {
        const subject = reply?.wait?.subject;
        if (!reply || !subject) return;
        const seen = JSON.stringify([reply.wait, reply.events_total, reply.alerts.length]);
        if (last.current?.subject === subject && last.current.seen !== seen) announce(`This wait has changed. ${standing(reply.wait!)}`);
        last.current = { subject, seen };
    }, [reply]);
}

function Standing({ wait }: { wait: WaitShape }) {
    const names = useNames();
    const unit = names.settings(wait.pathway)?.unit === "working_days" ? "working days" : "days";
    return (
        <Section title="Where it stands">
            <p class="govuk-body app-standing app-live">{standing(wait, unit)}</p>
            <WaitFigures wait={wait} />
        </Section>
    );
}

function Body({ reply, view, findings }: { reply: WaitReply; view: View; findings: readonly ExceptionRow[] }) {
    const { configuration } = useNames();
    const { wait, events } = reply;
    const settings = configuration as { data_quality?: { backdated_days?: number } } | null;
    const exceptions = events.filter((event) => event.exception).length;
    const about = `Everything that was recorded, in the order in which it counts.${exceptions > 0 ? ` ${exceptions === 1 ? "1 record contradicts the others and has no effect" : `${exceptions} records contradict the others and have no effect`}.` : ""}`;
    return (
        <>
            {wait ? (
                <Standing wait={wait} />
            ) : (
                <Section title="No referral has come yet">
                    <p class="govuk-body">So this wait counts nowhere. What was recorded takes effect by itself when the referral comes.</p>
                </Section>
            )}
            {wait && (
                <div class="app-columns">
                    <Section title="This wait">
                        <About wait={wait} />
                    </Section>
                    <div>
                        <Section title="How its days are counted">
                            <Counting wait={wait} events={events} />
                        </Section>
                        <Section title="Alerts">
                            <WaitAlerts transitions={reply.alerts} live={view.live} />
                        </Section>
                    </div>
                </div>
            )}
            <Section title="What happened" about={about}>
                <Timeline events={events} total={reply.events_total} findings={findings} allowed={settings?.data_quality?.backdated_days ?? BACKDATED_DAYS} />
            </Section>
        </>
    );
}

/** What is wrong with its records, and what each contradicts; the page is complete without it. */
function useFindings(subject: string, view: View, reply: WaitReply | null): readonly ExceptionRow[] {
    // It reads every history, so it is asked for again only when another record of this wait has come.
    const seq = reply === null ? null : reply.events.reduce((most, event) => Math.max(most, event.seq), 0);
    const answer = useAnswer("exceptions", seq === null ? null : { subject, kind: "all", as_at: view.asAt, limit: 1000, known_at: seq });
    const [kept, setKept] = useState<{ subject: string; rows: readonly ExceptionRow[] }>({ subject, rows: [] });
    useEffect(() => {
        if (answer.status === "ready") setKept({ subject, rows: answer.reply.rows });
    }, [answer]);
    return kept.subject === subject ? kept.rows : [];
}

function WithSubject({ subject, view }: { subject: string; view: View }) {
    const names = useNames();
    const [place, setPlace] = useState<{ pathway: string; team: string } | null>(null);
    const answer: Answer<WaitReply> = useAnswer("wait", { subject, as_at: view.asAt }, view.live && place ? { ...place, everyMs: FOLLOW_MS } : null);
    useFresh(answer, view.live, FRESH_MS);
    const reply = answer.status === "ready" ? answer.reply : null;
    const wait = reply?.wait ?? null;
    useEffect(() => {
        if (wait && (wait.pathway !== place?.pathway || wait.team !== place?.team)) setPlace({ pathway: wait.pathway, team: wait.team });
    }, [wait?.pathway, wait?.team]);
    useTold(reply);
    const findings = useFindings(subject, view, reply);
    if (answer.status === "failed" && answer.problem.code === "not_found") return <NotFound subject={subject} asAt={view.asAt} />;
    const caption: ComponentChildren = wait ? `${names.pathway(wait.pathway)}, ${names.team(wait.team)}` : "";
    return (
        <>
            <PageTitle title={subject} {...(caption ? { caption: String(caption) } : {})}>
                <LiveMark />
            </PageTitle>
            <Chooser team={false} />
            {view.basis === "reported" && <p class="govuk-body">One person’s wait is always shown as known now: what was reported at the end of a day are counts.</p>}
            <Loaded answer={answer} what="Loading this wait">
                {(loaded) => <Body reply={loaded} view={view} findings={findings} />}
            </Loaded>
        </>
    );
}

export default function Wait() {
    const address = useAddress();
    const view = useView();
    const subject = address.query.get("subject")?.trim() ?? "";
    if (subject === "") {
        return (
            <>
                <BackLink />
                <PageTitle title="Find a wait" />
                <Section title="Enter its reference">
                    <Search subject="" />
                </Section>
            </>
        );
    }
    return (
        <>
            <BackLink />
            <WithSubject key={subject} subject={subject} view={view} />
        </>
    );
}
