// Acknowledging: who deals with an alert, a note, and the day by which it should be resolved; with the wait's other open alerts if wanted.
import { useEffect, useMemo, useState } from "preact/hooks";
import { go, link } from "../address";
import { Problem, send } from "../api/client";
import type { Transition } from "../api/types";
import { DatePicker } from "../components/date-picker";
import { ErrorSummary, sendingError, TextArea, TextInput, type FieldError } from "../components/forms";
import { PageTitle, Section } from "../components/page";
import { Loading, ProblemNotice } from "../components/states";
import { SeverityTag } from "../components/tags";
import { useAnswer, useLive } from "../live/hooks";
import { live } from "../live/store";
import { me } from "../me";
import { useNames } from "../names";
import { alertWords } from "../text/alerts";
import { addDays, longDay, moment, plural } from "../text/format";
import { SummaryList } from "../wait/parts";
import { acknowledgementOf, DAYS_AHEAD, type Acknowledgement } from "./acknowledgement";
import { compareAlerts, raisedSeq } from "./open";

const BY_KEY = "waitlist.by";

function lastBy(): string {
    try {
        return localStorage.getItem(BY_KEY) ?? "";
    } catch {
        return "";
    }
}

function rememberBy(by: string): void {
    try {
        localStorage.setItem(BY_KEY, by);
    } catch {
        // Storage may be forbidden; then it is typed again.
    }
}

const FIELD_OF_POINTER: Record<string, string> = { "/by": "by", "/note": "note", "/expected_by": "expected-by" };

function errorOf(failure: unknown): FieldError {
    return sendingError(failure, "acknowledge", FIELD_OF_POINTER, { conflict: "This alert has ended meanwhile" });
}

/** What was just done, for the list to say once. */
let done: string | null = null;
export function takeDone(): string | null {
    const said = done;
    done = null;
    return said;
}

async function sendAll(alerts: readonly Transition[], value: Acknowledgement): Promise<{ sent: number; error: FieldError | null }> {
    let sent = 0;
    for (const alert of alerts) {
        try {
            await send(`alerts/${encodeURIComponent(alert.alert_id)}/ack`, value);
            sent += 1;
        } catch (failure) {
            // Another of the same wait that has ended meanwhile needs nobody any more.
            if (sent > 0 && failure instanceof Problem && failure.code === "conflict") continue;
            return { sent, error: errorOf(failure) };
        }
    }
    return { sent, error: null };
}

function Fields({ alert, others, back }: { alert: Transition; others: readonly Transition[]; back: string }) {
    const today = useLive((state) => state.heartbeat?.today ?? null);
    const [errors, setErrors] = useState<FieldError[]>([]);
    const [sending, setSending] = useState(false);
    const errorFor = (id: string) => errors.find((error) => error.id === id)?.message ?? null;

    const submit = (event: Event) => {
        event.preventDefault();
        if (sending) return;
        const form = new FormData(event.currentTarget as HTMLFormElement);
        const text = (name: string) => String(form.get(name) ?? "");
        const { value, errors: found } = acknowledgementOf({ by: me().user ?? text("by"), note: text("note"), day: text("expected_by") }, today);
        setErrors(found);
        if (found.length > 0) return;
        if (me().user === null) rememberBy(value.by);
        setSending(true);
        void sendAll(form.has("others") ? [alert, ...others] : [alert], value).then(({ sent, error }) => {
            setSending(false);
            if (error) return setErrors([error]);
            done = `${plural(sent, "alert", "alerts")} acknowledged`;
            go(back);
        });
    };

    return (
        <form onSubmit={submit} noValidate aria-label="Acknowledge this alert">
            <ErrorSummary errors={errors} />
            {me().user === null ? (
                <TextInput id="by" name="by" label="Who is dealing with it" hint="A name or role that your team knows. It is kept for ever." value={lastBy()} width={20} error={errorFor("by")} autocomplete="name" />
            ) : (
                <p class="govuk-body" id="by">
                    In your name, <strong>{me().user}</strong>, which is kept for ever.
                </p>
            )}
            <TextArea
                id="note"
                name="note"
                label="Note (optional)"
                hint="What is being done. Do not write names, NHS numbers or anything about the person: it is kept for ever. Up to 500 characters."
                rows={3}
                error={errorFor("note")}
            />
            <DatePicker
                id="expected-by"
                name="expected_by"
                label="To be resolved by (optional)"
                value={null}
                min={today ?? undefined}
                max={today ? addDays(today, DAYS_AHEAD) : undefined}
                error={errorFor("expected-by")}
            />
            <p class="govuk-hint">If it is still open when that day has passed, its severity rises.</p>
            {others.length > 0 && (
                <div class="govuk-form-group">
                    <div class="govuk-checkboxes govuk-checkboxes--small">
                        <div class="govuk-checkboxes__item">
                            <input class="govuk-checkboxes__input" id="others" name="others" type="checkbox" defaultChecked />
                            <label class="govuk-label govuk-checkboxes__label" for="others">
                                Also acknowledge {others.length === 1 ? "the other open alert" : `the ${others.length} other open alerts`} of this wait:{" "}
                                {others.map((other) => alertWords(other).toLowerCase()).join(", ")}
                            </label>
                        </div>
                    </div>
                </div>
            )}
            <div class="govuk-button-group">
                <button type="submit" class="govuk-button" id="acknowledge" aria-disabled={sending}>
                    {sending ? "Sending …" : "Acknowledge"}
                </button>
                <a class="govuk-link" href={back}>
                    Cancel
                </a>
            </div>
        </form>
    );
}

function About({ alert }: { alert: Transition }) {
    const names = useNames();
    return (
        <SummaryList
            rows={[
                ["Alert", <>{alertWords(alert)} <SeverityTag severity={alert.severity} /></>],
                ...(alert.subject ? [["Reference", <a class="govuk-link" href={link("/wait", { subject: alert.subject })}>{alert.subject}</a>] as const] : []),
                ...(alert.pathway ? [["Waiting for", names.pathway(alert.pathway)] as const] : []),
                ...(alert.team ? [["Team", names.team(alert.team)] as const] : []),
                ["Since", longDay(alert.occurred_on)],
                ...(alert.acknowledged_at
                    ? [["Acknowledged before", `by ${alert.by ?? "somebody"}, ${moment(alert.acknowledged_at, names.timeZone)}${alert.note ? `: ${alert.note}` : ""}`] as const]
                    : []),
            ]}
        />
    );
}

/** Says while the form is open that the alert has ended. */
function useHasEnded(id: string): boolean {
    const [ended, setEnded] = useState(false);
    useEffect(() => live.onAlert((transition) => transition.alert_id === id && transition.transition === "resolved" && setEnded(true)), [id]);
    return ended;
}

function Gone({ back }: { back: string }) {
    return (
        <Section title="This alert is not open">
            <p class="govuk-body">It has ended, or there never was one of this name. There is nothing to acknowledge.</p>
            <p class="govuk-body">
                <a class="govuk-link" href={back}>
                    Back to the open alerts
                </a>
            </p>
        </Section>
    );
}

export function AcknowledgePage({ id, back }: { id: string; back: string }) {
    const seq = raisedSeq(id);
    const answer = useAnswer("alerts", seq === null ? null : { state: "open", limit: 1, ...(seq > 1 ? { since: seq - 1 } : {}) });
    const found = answer.status === "ready" ? (answer.reply.rows.find((row) => row.alert_id === id) ?? null) : null;
    const [kept, setKept] = useState<Transition | null>(null);
    useEffect(() => {
        // What somebody is writing stays though the alert is asked for again.
        if (found) setKept(found);
    }, [found]);
    const alert = kept?.alert_id === id ? kept : found;
    const own = useAnswer("alerts", alert?.subject ? { state: "open", subject: alert.subject, limit: 100 } : null);
    const others = useMemo(() => (own.status === "ready" ? own.reply.rows.filter((row) => row.alert_id !== id && !row.acknowledged_at).sort(compareAlerts) : []), [own, id]);
    const ended = useHasEnded(id);
    const ready = seq === null || answer.status === "ready" || alert !== null;
    return (
        <>
            <a class="govuk-back-link app-no-print" href={back}>
                Back to the open alerts
            </a>
            <PageTitle title="Acknowledge an alert" {...(alert ? { caption: alertWords(alert) } : {})} />
            {answer.status === "failed" && !alert ? (
                <ProblemNotice problem={answer.problem} retry={answer.retry} />
            ) : !ready ? (
                <Loading what="Loading this alert" />
            ) : !alert ? (
                <Gone back={back} />
            ) : (
                <div class="app-columns">
                    <Section title="Who deals with it">
                        {ended && (
                            <p class="govuk-inset-text" role="status">
                                This alert has just ended: there is nothing left to acknowledge.
                            </p>
                        )}
                        <Fields alert={alert} others={others} back={back} />
                    </Section>
                    <Section title="What it is about">
                        <About alert={alert} />
                    </Section>
                </div>
            )}
        </>
    );
}
