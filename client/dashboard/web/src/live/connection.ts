// Owns the one event stream: opens it, notices when it falls silent, and tries again, each time after a longer pause.

const EVENTS = ["position", "alert", "heartbeat", "reset"] as const;
export type StreamEvent = (typeof EVENTS)[number];

export type ConnectionMessage =
    | { kind: "event"; event: StreamEvent; data: string }
    | { kind: "waiting"; retryAt: number }
    | { kind: "trying" };

/** The gateway sends a heartbeat each second whether the daemon is there or not; this long without one, the line is dead. */
const DEAD_MS = 6000;
const WATCH_MS = 1000;
const FIRST_PAUSE_MS = 1000;
const LONGEST_PAUSE_MS = 5000;

/** The pause before the attempt after `failures` failed ones; the spread keeps 500 pages from coming back in the same instant. */
export function pause(failures: number, chance: number): number {
    const base = Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** Math.min(failures, 10));
    return Math.round(base * (0.8 + 0.4 * chance));
}

export class Connection {
    private stream: EventSource | null = null;
    private timer: ReturnType<typeof setTimeout> | undefined;
    private watch: ReturnType<typeof setInterval> | undefined;
    private failures = 0;
    private heardAt = 0;
    private lastAlert = "";

    constructor(private readonly tell: (message: ConnectionMessage) => void) {}

    start(): void {
        if (this.stream || this.timer !== undefined) return;
        this.watch ??= setInterval(() => this.look(), WATCH_MS);
        this.open();
    }

    stop(): void {
        clearTimeout(this.timer);
        clearInterval(this.watch);
        this.timer = undefined;
        this.watch = undefined;
        this.stream?.close();
        this.stream = null;
    }

    /** Tries at once what would be tried later. */
    retry(): void {
        if (this.timer === undefined) return;
        clearTimeout(this.timer);
        this.open();
    }

    private open(): void {
        this.timer = undefined;
        this.heardAt = Date.now();
        this.tell({ kind: "trying" });
        const stream = new EventSource(`/api/v1/stream${this.lastAlert ? `?last_event_id=${encodeURIComponent(this.lastAlert)}` : ""}`);
        this.stream = stream;
        for (const event of EVENTS) {
            stream.addEventListener(event, (message: MessageEvent<string>) => {
                if (this.stream !== stream) return;
                this.heardAt = Date.now();
                this.failures = 0;
                if (message.lastEventId) this.lastAlert = message.lastEventId;
                if (event === "reset") this.lastAlert = "";
                this.tell({ kind: "event", event, data: message.data });
            });
        }
        stream.onerror = () => {
            if (this.stream === stream) this.again();
        };
    }

    /** Gives the stream up and plans the next attempt. */
    private again(): void {
        this.stream?.close();
        this.stream = null;
        const wait = pause(this.failures, Math.random());
        this.failures += 1;
        this.timer = setTimeout(() => this.open(), wait);
        this.tell({ kind: "waiting", retryAt: Date.now() + wait });
    }

    private look(): void {
        if (this.stream && Date.now() - this.heardAt > DEAD_MS) this.again();
    }
}
