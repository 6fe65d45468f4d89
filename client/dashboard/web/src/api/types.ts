// The shapes of the daemon's answers, as docs/protocol.md tells them; days are YYYY-MM-DD, instants RFC 3339 in UTC.

/** The counts of a group at the end of a day; the statistics are of days waited and null where nobody waits. */
export interface Position {
    waiting: number;
    unallocated: number;
    allocated: number;
    in_progress: number;
    paused: number;
    breach: number;
    due: number;
    scheduled: number;
    no_contact: number;
    longest: number | null;
    median: number | null;
    mean: number | null;
    p90: number | null;
    bands: number[];
}

export interface Flow {
    started: number;
    completed: number;
    completed_within_standard: number;
    closed: number;
    closed_by_reason: Record<string, number>;
    reopened: number;
    transferred_in: number;
    transferred_out: number;
    contacts: number;
    n: number;
    median: number | null;
    mean: number | null;
    p90: number | null;
    longest: number | null;
}

export interface Wait {
    subject: string;
    pathway: string;
    team: string;
    district: string | null;
    client_group: string | null;
    priority: number | null;
    impact: number | null;
    likelihood: number | null;
    dimensions: Record<string, string>;
    person: string;
    worker: string | null;
    stage: "unallocated" | "allocated" | "in_progress" | "completed" | "closed";
    status: "waiting" | "scheduled" | "ended" | "excluded";
    start: string;
    stop: string | null;
    reason: string | null;
    outcome: string | null;
    days: number;
    gross_days: number;
    paused_days: number;
    is_paused: boolean;
    standard: number;
    days_to_breach: number | null;
    breach: boolean;
    due: boolean;
    breach_on: string | null;
    last_contact: string | null;
    no_contact: boolean;
    exceptions: number;
    last_event_at: string;
}

export interface Transition {
    seq: number;
    alert_id: string;
    transition: "raised" | "acknowledged" | "overdue" | "moved" | "resolved";
    rule: string;
    level: number | null;
    subject: string | null;
    pathway: string | null;
    team: string | null;
    from_team: string | null;
    severity: "info" | "warning" | "high" | "critical";
    days: number | null;
    standard: number | null;
    occurred_on: string;
    at: string;
    reason: string | null;
    by: string | null;
    note: string | null;
    expected_by: string | null;
    late: boolean;
    /** Of an open alert only: when it was acknowledged last, and whether the day it was expected by has passed. */
    acknowledged_at?: string | null;
    overdue?: boolean;
}

export type Keys = Record<string, string>;
export type Basis = "known" | "reported";

/** What every answer about waits says of the day and the knowledge that it is for. */
interface AsOf {
    as_at: string;
    known_at: number;
    journal_seq: number;
    rule_version: number;
}

export interface Source {
    source: string;
    last_event: string | null;
    last_received: string | null;
    events: number;
    /** Whether nothing came for longer than is configured, within the hours in which something should. */
    silent?: boolean;
    silent_since?: string | null;
    silence_minutes?: number | null;
}

export interface Health {
    status: "ok" | "degraded";
    reasons: (string | { code?: string; message?: string })[];
    epoch: string;
    journal_seq: number;
    alert_seq: number;
    now: string;
    today: string;
    uptime_s: number;
    version: string;
    sources: Source[];
    sources_total: number;
    quarantine: number;
}

export interface PathwaySettings {
    name: string;
    label: string;
    standard_days: number;
    standard_by_priority: Record<string, number>;
    unit: "calendar_days" | "working_days";
    pauses: "count" | "exclude";
    clock_stops_on: string;
    completes_on: string;
}

export interface Configuration {
    council: { name: string; timezone: string; epoch: string };
    pathways: PathwaySettings[];
    teams: { name: string; label: string; district: string | null }[];
    districts: string[];
    client_groups: string[];
    dimensions: { name: string; values: string[] }[];
    bands: number[];
    sources: { name: string; silence_minutes: number; hours: string | null }[];
    contact: { interval_days: number; by_priority: Record<string, number> };
}

export interface SummaryReply extends AsOf {
    restricted_to?: string[];
    rows: { keys: Keys; position: Position }[];
    total: Position;
    basis: Basis;
    reconstructed?: boolean;
    reported_at?: string;
}

export interface SeriesReply {
    rows: { day: string; keys: Keys; position: Position }[];
    totals: { day: string; position: Position }[];
    from: string;
    to: string;
    step: string;
    basis: Basis;
    known_at: number;
    journal_seq: number;
}

export interface FlowReply {
    rows: { from: string; to: string; keys: Keys; flow: Flow }[];
    from: string;
    to: string;
    step: string;
    known_at: number;
    journal_seq: number;
}

export interface WaitsReply extends AsOf {
    /** The only teams whose people are among the rows, where others were withheld. */
    restricted_to?: string[];
    rows: Wait[];
    next: string | null;
    count: number;
}

/** An event of a wait in the order in which it counts; what is of one type only is in `data`. */
export interface WaitEvent {
    seq: number;
    source: string;
    id: string;
    type: string;
    time: string;
    received: string;
    effect: string | null;
    exception: string | null;
    data: Record<string, unknown>;
}

export interface WaitReply extends AsOf {
    /** Null where no referral has come. */
    wait: Wait | null;
    events: WaitEvent[];
    events_total: number;
    alerts: Transition[];
}

export interface AlertsReply {
    rows: Transition[];
    through: number;
    epoch: string;
}

export interface Week {
    from_days: number;
    /** Included; null in the last row when everybody who waits longer is in it. */
    to_days: number | null;
    count: number;
    over_standard: number;
}

export interface DistributionReply extends AsOf {
    /** By completed week of days waited, without holes up to the longest wait. */
    rows: Week[];
    total: { count: number; over_standard: number };
    standards: { days: number; unit: "calendar_days" | "working_days"; count: number }[];
}

export interface InvolvedEvent {
    seq: number;
    subject: string;
    source: string;
    id: string;
    type: string;
    time: string;
    received: string;
}

export interface ExceptionRow {
    subject: string;
    pathway: string | null;
    team: string | null;
    kind: "exception" | "warning";
    code: string;
    field: string | null;
    value: string | null;
    age_days: number;
    excluded: boolean;
    event: InvolvedEvent;
    /** What it contradicts. */
    involved: InvolvedEvent[];
}

export interface ExceptionReply extends AsOf {
    restricted_to?: string[];
    rows: ExceptionRow[];
    next: string | null;
    count: number;
    counts: {
        code: Record<string, number>;
        source: { source: string; count: number }[];
        sources_total: number;
        team: { team: string; count: number }[];
        teams_total: number;
        age: { from_days: number; to_days: number | null; count: number }[];
    };
}

export interface CodeCounts {
    count: number;
    code: Record<string, number>;
}

export interface Lateness {
    n: number;
    median: number | null;
    p90: number | null;
    over_14_days: number;
    over_14_days_percent: number | null;
}

export interface Filled {
    with: number;
    of: number;
    percent: number | null;
}

export interface DataQualityReply extends AsOf {
    backdated_days: number;
    exceptions: CodeCounts;
    warnings: CodeCounts;
    lateness: Lateness;
    sources: {
        source: string;
        events: number;
        retracted: number;
        first_event: string | null;
        last_event: string | null;
        last_received: string | null;
        exceptions: CodeCounts;
        warnings: CodeCounts;
        lateness: Lateness;
    }[];
    sources_total: number;
    unknown_values: { count: number; distinct: number; rows: { field: string; value: string; count: number }[] };
    same_person_twice: { count: number; rows: { person: string; pathway: string; subject: string; first_subject: string }[] };
    completeness: { pathway: string | null; waits: number; fields: Record<string, Filled>; dimensions: Record<string, Filled> }[];
    dimensions_total: number;
    without_referral: number;
    excluded: Record<string, number>;
    quarantine: CodeCounts;
}

export interface QuarantinedEvent {
    id: number;
    state: "waiting" | "retried" | "discarded";
    code: string;
    message: string;
    pointer: string | null;
    source: string | null;
    event_id: string | null;
    subject: string | null;
    type: string | null;
    first_received: string;
    last_received: string;
    times: number;
    scrubbed: boolean;
    bytes: number;
}

export interface QuarantineAct {
    act: "retry" | "discard";
    by: string;
    reason: string | null;
    outcome: string;
    seq: number | null;
    code: string | null;
    at: string;
}

export interface QuarantineReply {
    rows: QuarantinedEvent[];
    next: number | null;
    waiting: number;
    counts: Record<string, Record<QuarantinedEvent["state"], number>>;
    /** Of one that was asked for by its id. */
    raw?: string | null;
    raw_base64?: string | null;
    raw_cut?: boolean;
    acts?: QuarantineAct[];
}

export interface PoliciesReply {
    rule_versions: { position: number; flow: number; exceptions: number; data_quality: number };
    first_report_day: string | null;
    last_report_day: string | null;
    today: string;
}

export interface Replies {
    policies: PoliciesReply;
    health: Health;
    config: { config: Configuration };
    summary: SummaryReply;
    series: SeriesReply;
    flow: FlowReply;
    waits: WaitsReply;
    wait: WaitReply;
    alerts: AlertsReply;
    distribution: DistributionReply;
    exceptions: ExceptionReply;
    quarantine: QuarantineReply;
    data_quality: DataQualityReply;
    restatement: Record<string, unknown>;
}

export type Operation = keyof Replies;

/** An event of the stream, by its name. */
export interface Heartbeat {
    epoch: string;
    journal_seq: number;
    alert_seq: number;
    pub: number;
    now: string;
    today: string;
    version: string;
    /** "away": the gateway is there, and the daemon behind it does not answer. */
    daemon: "live" | "away";
}

export interface Publication {
    keys: Keys;
    position: Position;
    pub: number;
    today: string;
    journal_seq: number;
}
