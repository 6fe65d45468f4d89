// Loads the open alerts page by page and keeps them by the stream; looks back through the log for those that have ended.
import { useEffect, useRef, useState } from "preact/hooks";
import { ask, Problem, type Question } from "../api/client";
import type { Transition } from "../api/types";
import { useLive } from "../live/hooks";
import { live } from "../live/store";
import { applied, type AlertFilter, type OpenAlerts } from "./open";

const PAGE = 1000;
/** More open alerts than this are not loaded: the page says so and asks for a team. */
export const OPEN_MOST = 40_000;
const BATCH_MS = 300;

export interface Loaded {
    open: OpenAlerts;
    status: "loading" | "ready" | "failed";
    problem: Problem | null;
    /** There are more than are loaded. */
    cut: boolean;
    /** Whether these are of the place that is asked for now. */
    own: boolean;
    retry: () => void;
}

interface State {
    key: string;
    open: OpenAlerts;
    status: "loading" | "ready" | "failed";
    problem: Problem | null;
    cut: boolean;
}

async function loadAll(filter: AlertFilter, signal: AbortSignal, more: (rows: Transition[]) => void): Promise<boolean> {
    let since = 0;
    for (let count = 0; count < OPEN_MOST; ) {
        const question: Question = { state: "open", limit: PAGE, pathway: filter.pathway, team: filter.team, ...(since > 0 ? { since } : {}) };
        const reply = await ask("alerts", question, signal);
        more(reply.rows);
        count += reply.rows.length;
        if (reply.rows.length < PAGE || reply.through <= since) return false;
        since = reply.through;
    }
    return true;
}

/** `onNew` hears of alerts that are raised while the page is open, many at a time. */
export function useOpenAlerts(filter: AlertFilter, onNew: (raised: Transition[]) => void): Loaded {
    const key = JSON.stringify(filter);
    const generation = useLive((state) => state.generation);
    const [asked, setAsked] = useState(0);
    const [state, setState] = useState<State>({ key, open: new Map(), status: "loading", problem: null, cut: false });
    const tell = useRef(onNew);
    tell.current = onNew;
    // At midnight many are raised, and all is loaded again at the same time: each is told once, whichever comes first.
    const told = useRef(new Set<string>());

    useEffect(() => {
        const abort = new AbortController();
        const loading: State = { key, open: new Map(), status: "loading", problem: null, cut: false };
        // What is shown of the same place stays until all of it is there anew.
        setState((before) => (before.key === key && before.status !== "failed" ? before : loading));
        let open: OpenAlerts = new Map();
        let ready = false;
        const ended = new Set<string>();
        const show = () => setState({ key, open, status: ready ? "ready" : "loading", problem: null, cut });
        let cut = false;
        let waiting: Transition[] = [];
        let timer: ReturnType<typeof setTimeout> | undefined;
        const take = () => {
            timer = undefined;
            const batch = waiting;
            waiting = [];
            open = applied(open, batch, filter);
            const raised = batch.filter((each) => each.transition === "raised" && open.has(each.alert_id) && !told.current.has(each.alert_id));
            for (const each of raised) told.current.add(each.alert_id);
            if (raised.length > 0) tell.current(raised);
        };
        const takeAndShow = () => {
            take();
            if (ready) show();
        };
        const end = live.onAlert((transition) => {
            if (transition.transition === "resolved") ended.add(transition.alert_id);
            waiting.push(transition);
            timer ??= setTimeout(takeAndShow, BATCH_MS);
        });
        loadAll(filter, abort.signal, (rows) => {
            // What ended while its page was on the way is not open.
            open = applied(open, rows.filter((row) => !ended.has(row.alert_id)), filter);
        }).then(
            (more) => {
                ready = true;
                cut = more;
                show();
            },
            (failure: unknown) => {
                if (abort.signal.aborted) return;
                const problem = failure instanceof Problem ? failure : new Problem(0, "internal", String(failure));
                setState((before) => ({ ...before, key, status: "failed", problem }));
            },
        );
        return () => {
            abort.abort();
            clearTimeout(timer);
            end();
            take();
        };
    }, [key, generation, asked]);

    const own = state.key === key;
    return { ...state, status: own ? state.status : "loading", own, retry: () => setAsked((count) => count + 1) };
}

const LOOKBACK = { first: 1000, most: 20_000, times: 40 };

export interface Ended {
    /** The newest first. */
    rows: Transition[];
    /** Behind which seq it goes on; null where the log begins. */
    before: number | null;
}

/**
 * The last `wanted` alerts that ended, looking back from `from` as far as it takes within reason. `last` is the newest seq that is
 * wanted; without it everything that has been logged since `from` was known comes too.
 */
export async function loadEnded(filter: Question, from: number, last: number | null, wanted: number, signal: AbortSignal): Promise<Ended> {
    let rows: Transition[] = [];
    let to = from;
    let size = LOOKBACK.first;
    for (let times = 0; rows.length < wanted && (to > 0 || times === 0) && times < LOOKBACK.times; times += 1) {
        const begin = Math.max(0, to - size);
        const until = times === 0 && last === null ? Infinity : to;
        const found: Transition[] = [];
        for (let since = begin; since < until; ) {
            const reply = await ask("alerts", { ...filter, transition: "resolved", limit: PAGE, ...(since > 0 ? { since } : {}) }, signal);
            found.push(...reply.rows.filter((row) => row.seq <= until));
            if (reply.through <= since) break;
            since = reply.through;
        }
        rows = [...rows, ...found.reverse()];
        to = begin;
        size = Math.min(LOOKBACK.most, size * 4);
    }
    const shown = rows.slice(0, wanted);
    const rest = rows.length > wanted ? shown[shown.length - 1]!.seq - 1 : to;
    return { rows: shown, before: rest > 0 ? rest : null };
}
