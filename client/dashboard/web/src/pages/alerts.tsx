// Alerts: the open ones by severity and age, acknowledged with a note and a day, those that ended with their reasons; new ones arrive by themselves.
import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import { go, here, useAddress, useView, type View } from "../address";
import { announce } from "../announce";
import { Problem } from "../api/client";
import type { Transition } from "../api/types";
import { AcknowledgePage, takeDone } from "../alerts/form";
import { EndedTable, NumberedPagination, OpenTable } from "../alerts/list";
import { loadEnded, useOpenAlerts, OPEN_MOST, type Ended } from "../alerts/load";
import { notify, notifyState, turnOff, turnOn } from "../alerts/notify";
import { ACK_STATES, grouped, isChosen, type AlertGroup, type Choice } from "../alerts/open";
import { NoAccess, OnlyTeams } from "../components/access";
import { allTeams, Chooser, LiveMark, Select } from "../components/chooser";
import { PageTitle, Section } from "../components/page";
import { usePageTurn } from "../components/pagination";
import { Empty, Loading, ProblemNotice } from "../components/states";
import { useLive } from "../live/hooks";
import { live } from "../live/store";
import { acts } from "../me";
import { useNames } from "../names";
import { newWords, RULES, SEVERITIES, severityWords, type Severity } from "../text/alerts";
import { clock, number, plural } from "../text/format";

const ROWS = 50;
const ENDED_ROWS = 100;
/** Alerts that come within this time are announced as one. */
const TOGETHER_MS = 2000;

function choiceOf(query: URLSearchParams): Choice {
    return { rule: query.get("rule") || null, ack: query.get("ack") || null };
}

/** Alerts are always those of now: an address with a day loses it. */
function useOnlyNow(): void {
    const view = useView();
    useEffect(() => {
        if (view.asAt !== null) go(here({ as_at: null, basis: null }), true);
    }, [view.asAt]);
}

interface Arrivals {
    fresh: ReadonlySet<string>;
    /** The last ones that came together, and when. */
    last: { words: string; at: string } | null;
    arrived: (raised: Transition[]) => void;
}

/** Collects what is raised, says it politely and together, and marks it as new until somebody looks elsewhere. */
function useArrivals(choice: Choice): Arrivals {
    const names = useNames();
    const [fresh, setFresh] = useState<ReadonlySet<string>>(new Set());
    const [last, setLast] = useState<Arrivals["last"]>(null);
    const waiting = useRef<Transition[]>([]);
    const timer = useRef<ReturnType<typeof setTimeout>>();
    useEffect(() => () => clearTimeout(timer.current), []);
    const arrived = (raised: Transition[]) => {
        waiting.current.push(...raised.filter((alert) => isChosen(alert, choice)));
        if (waiting.current.length === 0) return;
        timer.current ??= setTimeout(() => {
            timer.current = undefined;
            const all = waiting.current;
            waiting.current = [];
            setFresh((before) => new Set([...before, ...all.map((alert) => alert.alert_id)]));
            setLast({ words: newWords(all), at: all[all.length - 1]!.at });
            announce(newWords(all));
            notify(all, names.team);
        }, TOGETHER_MS);
    };
    return { fresh, last, arrived };
}

const NOTIFY_WORDS = {
    off: "Tell me about new alerts on this computer",
    on: "Stop telling me about new alerts on this computer",
} as const;

/** The browser is asked only when somebody presses the button. */
function NotifyButton() {
    const [state, setState] = useState(notifyState());
    if (state === "unsupported") return null;
    if (state === "blocked") return <p class="govuk-body-s app-alerts__notify">Notifications on this computer are blocked in the browser’s settings for this site.</p>;
    const press = () => void (state === "off" ? turnOn().then(setState) : setState(turnOff()));
    return (
        <p class="govuk-body-s app-alerts__notify app-no-print">
            <button type="button" class="app-link-button" onClick={press}>
                {NOTIFY_WORDS[state]}
            </button>
            {state === "on" && " – while this page is open in a tab, and without anybody’s reference."}
        </p>
    );
}

/** Each wait counts once, by its most severe alert, so that the views add up to all. */
function Views({ groups }: { groups: readonly AlertGroup[] }) {
    const address = useAddress();
    const ended = address.query.get("show") === "ended";
    const severity = address.query.get("severity") || null;
    const count = (of: Severity) => groups.filter((group) => group.top.severity === of).length;
    const severities = SEVERITIES.map((each) => ({ severity: each, label: severityWords(each), count: count(each) }));
    const views = [{ severity: null, label: "All open", count: groups.length }, ...severities.filter((each) => each.count > 0 || each.severity === severity)];
    return (
        <nav class="moj-sub-navigation app-views" aria-label="Views of the alerts">
            <ul class="moj-sub-navigation__list">
                {views.map((each) => (
                    <li class="moj-sub-navigation__item" key={each.label}>
                        <a
                            class="moj-sub-navigation__link"
                            href={here({ severity: each.severity, show: null, page: null, before: null }, address)}
                            aria-current={!ended && severity === each.severity ? "page" : undefined}
                        >
                            {each.label} <span class="app-views__count app-live">{number(each.count)}</span>
                        </a>
                    </li>
                ))}
                <li class="moj-sub-navigation__item">
                    <a class="moj-sub-navigation__link" href={here({ show: "ended", page: null, severity: null, ack: null }, address)} aria-current={ended ? "page" : undefined}>
                        Ended
                    </a>
                </li>
            </ul>
        </nav>
    );
}

function FilterForm({ choice, ended }: { choice: Choice; ended: boolean }) {
    const address = useAddress();
    const submit = (event: Event) => {
        event.preventDefault();
        const form = new FormData(event.currentTarget as HTMLFormElement);
        go(here({ rule: String(form.get("rule") ?? "") || null, ...(ended ? {} : { ack: String(form.get("ack") ?? "") || null }), page: null, before: null }, address));
    };
    return (
        <form class="app-chooser" onSubmit={submit} aria-label="Filter the alerts">
            <Select id="rule" label="Kind of alert" value={choice.rule ?? ""} choices={RULES} all="Every kind" />
            {!ended && <Select id="ack" label="Dealt with" value={choice.ack ?? ""} choices={ACK_STATES} all="Either" />}
            <button type="submit" class="govuk-button govuk-button--secondary app-chooser__button">
                Filter
            </button>
        </form>
    );
}

function Done() {
    const [said] = useState(takeDone);
    useEffect(() => {
        if (said) announce(said);
    }, []);
    if (!said) return null;
    return (
        <div class="govuk-notification-banner govuk-notification-banner--success" role="region" aria-labelledby="done-title">
            <div class="govuk-notification-banner__header">
                <h2 class="govuk-notification-banner__title" id="done-title">
                    Success
                </h2>
            </div>
            <div class="govuk-notification-banner__content">
                <p class="govuk-notification-banner__heading">{said}.</p>
            </div>
        </div>
    );
}

function onTop(newer: readonly Transition[], ended: Ended): Ended {
    const had = new Set(ended.rows.map((row) => row.seq));
    return { ...ended, rows: [...newer.filter((row) => !had.has(row.seq)), ...ended.rows].sort((a, b) => b.seq - a.seq).slice(0, ENDED_ROWS) };
}

function EndedList({ view, choice }: { view: View; choice: Choice }) {
    const address = useAddress();
    const newest = useLive((state) => state.heartbeat?.alert_seq ?? null);
    const today = useLive((state) => state.heartbeat?.today ?? "");
    const generation = useLive((state) => state.generation);
    const asked = Number(address.query.get("before") ?? "") || null;
    const filter = { pathway: view.pathway, team: view.team, rule: choice.rule };
    const key = JSON.stringify([filter, asked, generation]);
    const [state, setState] = useState<{ key: string; ended: Ended | null; problem: Problem | null }>({ key: "", ended: null, problem: null });
    const [tries, setTries] = useState(0);
    // What ends while the log is read, and on the first page whatever ends from then on, comes on top.
    const since = useRef<Transition[]>([]);
    useEffect(() => {
        since.current = [];
        if (asked !== null) return;
        return live.onAlert((transition) => {
            const fits = transition.transition === "resolved" && (!view.pathway || transition.pathway === view.pathway) && (!view.team || transition.team === view.team) && (!choice.rule || transition.rule === choice.rule);
            if (!fits) return;
            since.current.unshift(transition);
            setState((before) => (before.ended ? { ...before, ended: onTop([transition], before.ended) } : before));
        });
    }, [key]);
    useEffect(() => {
        if (newest === null) return;
        const abort = new AbortController();
        loadEnded(filter, asked ?? newest, asked, ENDED_ROWS, abort.signal).then(
            (ended) => setState({ key, ended: onTop(since.current, ended), problem: null }),
            (failure: unknown) => !abort.signal.aborted && setState({ key, ended: null, problem: failure instanceof Problem ? failure : new Problem(0, "internal", String(failure)) }),
        );
        return () => abort.abort();
    }, [key, newest === null, tries]);
    if (state.key !== key) return <Section title="Alerts that have ended"><Loading what="Looking back through the log of alerts" /></Section>;
    if (state.problem) return <ProblemNotice problem={state.problem} retry={() => setTries(tries + 1)} />;
    const { rows, before } = state.ended!;
    return (
        <Section title="Alerts that have ended" about="The newest first. An alert ends by itself when what it says no longer holds.">
            {rows.length === 0 ? <Empty>No alert has ended here.</Empty> : <EndedTable rows={rows} today={today} />}
            <p class="govuk-body app-no-print">
                {asked !== null && (
                    <>
                        <a class="govuk-link" href={here({ before: null }, address)}>
                            Back to the newest
                        </a>{" "}
                    </>
                )}
                {before !== null && (
                    <a class="govuk-link" href={here({ before }, address)}>
                        Show earlier ones
                    </a>
                )}
            </p>
        </Section>
    );
}

interface OpenListProps {
    all: readonly AlertGroup[];
    arrivals: Arrivals;
    cut: boolean;
}

function OpenList({ all, arrivals, cut }: OpenListProps) {
    const address = useAddress();
    const { timeZone } = useNames();
    const today = useLive((state) => state.heartbeat?.today ?? null);
    const severity = address.query.get("severity") || null;
    const groups = severity === null ? all : all.filter((group) => group.top.severity === severity);
    usePageTurn("open-alerts");
    const pages = Math.max(1, Math.ceil(groups.length / ROWS));
    const page = Math.min(pages, Math.max(1, Number(address.query.get("page") ?? 1) || 1));
    const shown = groups.slice((page - 1) * ROWS, page * ROWS);
    const count = groups.reduce((sum, group) => sum + 1 + group.others.length, 0);
    const title = groups.length === 0 ? "No open alerts" : `${plural(groups.length, "wait", "waits")} with open alerts`;
    return (
        <Section title={title} id="open-alerts" about="One line for each wait, with its most severe alert. The most severe first, then those that have waited longest. Alerts are always those of now, and end by themselves.">
            <div class="app-people__tools">
                <p class="govuk-body-s app-people__updated">
                    {number(count)} open {count === 1 ? "alert" : "alerts"} in all.
                    {arrivals.last && ` At ${clock(arrivals.last.at, timeZone, true)}: ${arrivals.last.words}.`}
                    {cut && ` Only the first ${number(OPEN_MOST)} are shown: choose a team to see all of its own.`}
                </p>
                <NotifyButton />
            </div>
            {groups.length === 0 ? (
                <Empty>Nothing needs attention here.</Empty>
            ) : (
                <>
                    <OpenTable groups={shown} today={today ?? shown[0]!.top.occurred_on} fresh={arrivals.fresh} caption={pages > 1 ? `Open alerts, page ${page} of ${pages}` : "Open alerts"} />
                    <NumberedPagination page={page} pages={pages} />
                </>
            )}
        </Section>
    );
}

function AlertsOf({ view }: { view: View }) {
    const address = useAddress();
    const choice = choiceOf(address.query);
    const ended = address.query.get("show") === "ended";
    const arrivals = useArrivals(choice);
    const loaded = useOpenAlerts({ pathway: view.pathway, team: view.team }, arrivals.arrived);
    const groups = useMemo(() => (loaded.own ? grouped([...loaded.open.values()].filter((alert) => isChosen(alert, choice))) : []), [loaded.open, loaded.own, choice.rule, choice.ack]);
    const there = loaded.status === "ready";
    return (
        <>
            <Views groups={groups} />
            <FilterForm choice={choice} ended={ended} />
            {ended ? (
                <EndedList view={view} choice={choice} />
            ) : loaded.status === "failed" && loaded.problem ? (
                <ProblemNotice problem={loaded.problem} retry={loaded.retry} />
            ) : there ? (
                <OpenList all={groups} arrivals={arrivals} cut={loaded.cut} />
            ) : (
                <Section title="Open alerts">
                    <Loading what="Loading the open alerts" />
                </Section>
            )}
        </>
    );
}

export default function Alerts() {
    const address = useAddress();
    const view = useView();
    const names = useNames();
    useOnlyNow();
    const alert = address.query.get("alert");
    if (alert && !acts()) return <NoAccess page="Acknowledging alerts" needs="manager" />;
    if (alert) return <AcknowledgePage key={alert} id={alert} back={here({ alert: null }, address)} />;
    const caption = [view.pathway ? names.pathway(view.pathway) : null, view.team ? names.team(view.team) : allTeams(true)].filter(Boolean).join(", ");
    return (
        <>
            <PageTitle title="Alerts" caption={caption}>
                <LiveMark />
            </PageTitle>
            <Done />
            <Chooser pathway="any" people day={false} />
            <OnlyTeams />
            <AlertsOf view={view} />
        </>
    );
}
