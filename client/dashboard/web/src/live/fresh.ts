// Loads an answer again now and then while the journal goes on: not everything that happens changes a position that is published.
import { useEffect, useRef } from "preact/hooks";
import type { Answer } from "./hooks";
import { live } from "./store";

/** At most every `everyMs`, and only when the journal has gone on since the answer. */
export function useFresh(answer: Answer<{ journal_seq: number }>, on: boolean, everyMs: number): void {
    const newest = useRef(answer);
    newest.current = answer;
    const seq = answer.status === "ready" ? answer.reply.journal_seq : null;
    const asked = useRef(0);
    useEffect(() => {
        if (!on || seq === null) return;
        asked.current ||= Date.now();
        return live.subscribe(() => {
            const { heartbeat, condition } = live.state;
            const now = newest.current;
            if (condition !== "live" || heartbeat === null || heartbeat.journal_seq <= seq || Date.now() - asked.current < everyMs || now.status !== "ready") return;
            asked.current = Date.now();
            now.retry();
        });
    }, [on, seq, everyMs]);
}

/** Loads an answer again at intervals: of what changes without the journal's going on, like a source that falls silent. */
export function useEvery(answer: Answer<unknown>, everyMs: number): void {
    const reload = answer.status === "loading" ? null : answer.retry;
    useEffect(() => {
        if (!reload) return;
        const timer = setTimeout(reload, everyMs);
        return () => clearTimeout(timer);
    }, [answer]);
}
