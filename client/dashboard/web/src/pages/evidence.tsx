// Evidence: chooses a period and an audience, follows the pack while it is made, and gives it to download.
import { useEffect, useState } from "preact/hooks";
import { go, here, useAddress } from "../address";
import { Problem, receive, remove, send } from "../api/client";
import { DatePicker } from "../components/date-picker";
import { ErrorSummary, Radios, sendingError, type FieldError } from "../components/forms";
import { PageTitle, Section } from "../components/page";
import { Loading, ProblemNotice } from "../components/states";
import { AUDIENCES, failureWords, packRequestOf, periodWords, share, sizeWords, stateWords, usualPeriod, type EvidenceSettings, type Pack } from "../evidence/pack";
import { useLive } from "../live/hooks";
import { number } from "../text/format";

const LOOK_EVERY_MS = 1000;
const FIELD_OF_POINTER: Record<string, string> = { "/from": "from", "/to": "to", "/audience": "audience" };

function errorOf(failure: unknown): FieldError {
    return sendingError(failure, "make", FIELD_OF_POINTER, { busy: "Others are having packs made, and no more can wait. Try again in a minute." });
}

type Asked<T> = { status: "loading" } | { status: "failed"; problem: Problem } | { status: "ready"; reply: T };

function problemOf(failure: unknown): Problem {
    return failure instanceof Problem ? failure : new Problem(0, "unreachable", "the dashboard cannot be reached");
}

function useSettings(): Asked<EvidenceSettings> & { retry: () => void } {
    const [asked, setAsked] = useState<Asked<EvidenceSettings>>({ status: "loading" });
    const [attempt, setAttempt] = useState(0);
    useEffect(() => {
        const gone = new AbortController();
        receive<EvidenceSettings>("evidence", gone.signal).then(
            (reply) => setAsked({ status: "ready", reply }),
            (failure) => !gone.signal.aborted && setAsked({ status: "failed", problem: problemOf(failure) }),
        );
        return () => gone.abort();
    }, [attempt]);
    return { ...asked, retry: () => setAttempt(attempt + 1) };
}

/** Looks at the pack each second until it is over. A failure that may pass is not told: the next look tells. */
function usePack(id: string): { pack: Pack | null; gone: boolean } {
    const [seen, setSeen] = useState<{ pack: Pack | null; gone: boolean }>({ pack: null, gone: false });
    useEffect(() => {
        const left = new AbortController();
        let timer: ReturnType<typeof setTimeout> | undefined;
        const again = () => {
            if (!left.signal.aborted) timer = setTimeout(look, LOOK_EVERY_MS);
        };
        const look = () => {
            receive<Pack>(`evidence/${encodeURIComponent(id)}`, left.signal).then(
                (pack) => {
                    setSeen({ pack, gone: false });
                    if (pack.state === "waiting" || pack.state === "making") again();
                },
                (failure) => {
                    if (failure instanceof Problem && failure.status === 404) setSeen({ pack: null, gone: true });
                    else again();
                },
            );
        };
        setSeen({ pack: null, gone: false });
        look();
        return () => {
            left.abort();
            clearTimeout(timer);
        };
    }, [id]);
    return seen;
}

function AnotherLink({ words }: { words: string }) {
    return (
        <p class="govuk-body">
            <a class="govuk-link" href={here({ pack: null })}>
                {words}
            </a>
        </p>
    );
}

function UnderWay({ pack }: { pack: Pack }) {
    const cancel = () => {
        const away = () => go(here({ pack: null }));
        remove(`evidence/${pack.id}`).then(away, away);
    };
    return (
        <>
            <label class="govuk-label" for="pack-progress">
                {pack.state === "waiting" ? "Waiting for its turn" : pack.asked < pack.questions ? `Question ${number(pack.asked + 1)} of about ${number(pack.questions)}` : "Writing the files"}
            </label>
            <progress class="app-progress govuk-!-margin-bottom-4" id="pack-progress" max={100} value={share(pack)}>
                {share(pack)}%
            </progress>
            <p class="govuk-body">You can leave this page and come back to its address within three minutes.</p>
            <button type="button" class="govuk-button govuk-button--secondary" onClick={cancel}>
                Cancel
            </button>
        </>
    );
}

function Result({ pack, settings }: { pack: Pack; settings: EvidenceSettings }) {
    if (pack.state === "failed") {
        return (
            <>
                <p class="govuk-body">{failureWords(pack.message)}</p>
                <AnotherLink words="Choose another period" />
            </>
        );
    }
    return (
        <>
            <p class="govuk-body">
                <a class="govuk-button govuk-!-margin-bottom-0" href={`/api/v1/evidence/${pack.id}.zip`} download>
                    Download the pack (zip, {sizeWords(pack.bytes)})
                </a>
            </p>
            <p class="govuk-body">
                It is kept here for {number(settings.kept_s / 60)} minutes. {settings.signed ? "It is signed." : "It is not signed."}
                {pack.audience === "sensitive" && " It is sensitive: it has small counts and single waits."}
            </p>
            <AnotherLink words="Make another pack" />
        </>
    );
}

function Following({ id, settings }: { id: string; settings: EvidenceSettings }) {
    const { pack, gone } = usePack(id);
    return (
        <Section title="The pack" {...(pack ? { about: `${periodWords(pack)}, ${pack.audience === "publish" ? "for publication" : "sensitive"}` } : {})}>
            <p class="govuk-body govuk-!-font-weight-bold" role="status" aria-live="polite">
                {gone ? "This pack is not there any more" : pack ? stateWords(pack) : "Looking for the pack"}
            </p>
            {gone && (
                <>
                    <p class="govuk-body">It was cancelled, or too much time has passed. Nothing is lost: the same pack can be made again.</p>
                    <AnotherLink words="Make another pack" />
                </>
            )}
            {pack && (pack.state === "waiting" || pack.state === "making" ? <UnderWay pack={pack} /> : <Result pack={pack} settings={settings} />)}
        </Section>
    );
}

function Choosing() {
    const today = useLive((state) => state.heartbeat?.today ?? null);
    const [errors, setErrors] = useState<FieldError[]>([]);
    const [sending, setSending] = useState(false);
    const usual = today ? usualPeriod(today) : null;
    const errorFor = (id: string) => errors.find((error) => error.id === id)?.message ?? null;

    const submit = (event: Event) => {
        event.preventDefault();
        if (sending) return;
        const form = new FormData(event.currentTarget as HTMLFormElement);
        const text = (name: string) => String(form.get(name) ?? "");
        const { value, errors: found } = packRequestOf({ from: text("from"), to: text("to"), audience: text("audience") }, today);
        setErrors(found);
        if (!value) return;
        setSending(true);
        send<Pack>("evidence", value).then(
            (pack) => go(here({ pack: pack.id })),
            (failure) => {
                setSending(false);
                setErrors([errorOf(failure)]);
            },
        );
    };

    return (
        <form onSubmit={submit} noValidate aria-label="Make a pack of evidence">
            <ErrorSummary errors={errors} />
            <DatePicker id="from" name="from" label="First day" value={usual?.from ?? null} max={today ?? undefined} error={errorFor("from")} />
            <DatePicker id="to" name="to" label="Last day" value={usual?.to ?? null} max={today ?? undefined} error={errorFor("to")} />
            <Radios id="audience" name="audience" legend="Who will read it?" choices={AUDIENCES} error={errorFor("audience")} />
            <button type="submit" class="govuk-button" id="make" aria-disabled={sending}>
                Make the pack
            </button>
        </form>
    );
}

function Contents({ signed }: { signed: boolean }) {
    return (
        <Section title="What is in a pack">
            <ul class="govuk-list govuk-list--bullet">
                <li>a report with charts, for screen and paper</li>
                <li>a workbook, and the same tables as CSV files: who was waiting and for how long, at the start, each month end and the end; flow; waits of the completed; contact; risk; equity; caseloads; data quality; alerts</li>
                <li>how every figure is counted, by which version of the rules, and what cannot be concluded</li>
                <li>
                    a manifest with the digest of every file and what in the journal the figures stand on{signed ? ", signed with the council’s key" : ". It is not signed: no key is set up here"}
                </li>
            </ul>
            <p class="govuk-body">Whoever has the journal can compute every figure again. One pack is made at a time, and everything else goes first.</p>
        </Section>
    );
}

function Off() {
    return (
        <Section title="Packs cannot be made here">
            <p class="govuk-body">
                Whoever looks after the dashboard can let them be made: <code>dashboard.evidence.enabled = true</code> in its configuration, and a new start of it.
            </p>
            <p class="govuk-body">
                On the command line, <code>waitlistctl export cqc</code> makes the same.
            </p>
        </Section>
    );
}

export default function Evidence() {
    const settings = useSettings();
    const id = useAddress().query.get("pack");
    return (
        <>
            <PageTitle title="Evidence" caption="A pack for an inspector, or for publication" />
            {settings.status === "loading" ? (
                <Loading />
            ) : settings.status === "failed" ? (
                <ProblemNotice problem={settings.problem} retry={settings.retry} />
            ) : !settings.reply.enabled ? (
                <Off />
            ) : (
                <div class="app-columns">
                    {id ? (
                        <Following id={id} settings={settings.reply} />
                    ) : (
                        <Section title="Make a pack">
                            <Choosing />
                        </Section>
                    )}
                    <Contents signed={settings.reply.signed} />
                </div>
            )}
        </>
    );
}
