"""Every op as every role asks it, about an own and another team: the council that is asked, the questions, and what comes of them.

All that tells of a person of the team north holds the word "northref", of the team south "southref": the reference of the wait, person and
worker, the id and the worker's of events, what was written in acknowledging. So whom an answer shows is read off its text, wherever it
stands, in an error or a pointer too.
"""
import csv
import json
import os

from daemon import ROOT, event, referral

EXPECTED = os.path.join(ROOT, "tests", "data", "rights", "query.csv")
ROLES = ("producer", "viewer", "manager", "analyst", "admin")
CLOCK = "2025-06-03T12:00:00Z"
CONFIG = 'journal += { backup_directory = "%s"; };\nprivacy = { retention_years = 50; };'
MARKS = {"north": "northref", "south": "southref"}


def expected():
    """{op: {role: what is expected}}"""
    with open(EXPECTED, encoding="utf-8", newline="") as file:
        return {row.pop("op"): row for row in csv.DictReader(file)}


def ops_of_the_daemon():
    """{op: members} of the daemon's own table."""
    import re
    with open(os.path.join(ROOT, "daemon", "query", "query.c"), encoding="utf-8") as file:
        table = re.search(r"static const struct op ops\[\] = \{\n(.*?)\n\};", file.read(), re.DOTALL).group(1)
    return {name: re.findall(r'"([a-z_]+)"', members) for name, members in re.findall(r'\{"([a-z._]+)",\s[^{]*\{([^}]*)\}', table)}


def people(team, mark, first, count):
    """Waits of a team: referred, some allocated, one with a record that contradicts, one that ended."""
    rows = []
    for number in range(first, first + count):
        subject = "%s-%d" % (mark, number)
        rows.append(referral(subject, "2025-04-%02d" % (1 + number % 20), team=team, person="%s-p%d" % (mark, number), priority=1 + number % 4,
                             dimensions={"deprivation": "decile-%d" % (number % 3)}))
        if number % 2:
            rows.append(event("wait.allocated", subject, "2025-05-05", {"worker": "%s-k%d" % (mark, number % 3)}))
        if number % 3 == 0:
            rows.append(event("wait.resumed", subject, "2025-05-06"))
        if number % 5 == 4:
            rows.append(event("assessment.completed", subject, "2025-05-20"))
    for number, row in enumerate(rows):
        row["id"] = "%s-e%d" % (mark, number)
    return rows


def fill(daemon):
    """The council: two teams, a midnight that was reported, changes since, alerts, an acknowledgement and something quarantined."""
    north, south = (people(team, mark, 1, 6) for team, mark in MARKS.items())
    daemon.take(*(row for pair in zip(north, south) for row in pair))
    daemon.set_clock("2025-06-04T12:00:00Z")
    for team, mark in MARKS.items():
        late = [event("wait.allocated", mark + "-2", "2025-06-03", {"worker": mark + "-late"}, id=mark + "-late"),
                event("contact.made", mark + "-3", "2025-06-02", id=mark + "-contact")]
        daemon.take(*late)
        daemon.send(referral(mark + "-bad", "2025-05-01", team=team, pathway="unheard_of", person=mark + "-bad"))
    for team, mark in MARKS.items():
        alert = alert_of(daemon, team)
        daemon.ask("alert.ack", alert_id=alert, by=mark + "-by", note=mark + "-note")


def alert_of(daemon, team):
    """The name of an open alert of the team."""
    rows = daemon.ask("alerts", state="open", filter={"team": team, "rule": "breach"})["rows"]
    return min(rows, key=lambda row: row["seq"])["alert_id"]


def probes(daemon):
    """[(op, kind, what, members)]; kind: "counts" (of all, without people), "own", "other" (about people), "any" (all that may be
    seen), "people" (a count of people), "part" (counts, and people where they may be seen), "plain"."""
    day = {"as_at": "2025-05-30"}
    span = {"from": "2025-05-28", "to": "2025-06-02"}
    north, south = alert_of(daemon, "north"), alert_of(daemon, "south")
    rows = []

    def add(op, kind, what, /, **members):
        rows.append((op, kind, what, members))

    def both(op, what, own, other, /, **members):
        add(op, "own", what + ", own team", **own, **members)
        add(op, "other", what + ", other team", **other, **members)

    def of_teams(op, what, /, **members):
        add(op, "any", what, **members)
        both(op, what, {"filter": {"team": "north"}}, {"filter": {"team": "south"}}, **members)

    add("health", "plain", "health")
    add("config", "plain", "configuration")
    add("policies", "plain", "policies")
    add("policies", "plain", "policies known earlier", known_at=1)
    for op, members in (("summary", {}), ("summary", day), ("summary", {"known_at": 12}), ("summary", {"asked_at": "2025-06-03T12:00:01Z"}),
                        ("flow", span), ("series", span)):
        what = op + "".join(" with " + name for name in members if name.endswith("_at"))
        add(op, "counts", what, group_by=["team", "priority", "dimension.deprivation"], **members)
        add(op, "any", what + " by worker", group_by=["worker"], **members)
        add(op, "own", what + " of a prefix, own team", group_by=["worker"], filter={"subject_prefix": "northref"}, **members)
        add(op, "other", what + " of a worker, other team", group_by=["worker"], filter={"worker": "southref-k1"}, **members)
    add("summary", "counts", "summary as reported", basis="reported", group_by=["team"], as_at="2025-06-03")
    add("series", "counts", "series as reported", basis="reported", group_by=["team"], **span)
    for op, each in (("flow", span), ("series", {})):
        members = {} if op == "flow" else span
        add(op, "counts", op + " in parts", each=[{"group_by": ["team"], **each}, {"filter": {"team": "south"}, **each}], **members)
        add(op, "any", op + " in parts, one by worker", each=[{"group_by": ["team"], **each}, {"group_by": ["worker"], **each}], **members)
    add("distribution", "counts", "distribution")
    add("distribution", "counts", "distribution of another day", filter={"team": "south"}, **day)
    add("distribution", "people", "distribution of a worker", filter={"worker": "northref-k1"})
    add("distribution", "people", "distribution of a prefix", filter={"subject_prefix": "southref-1"})
    add("snapshot", "part", "snapshot")
    for members in ({}, day, {"known_at": 20}, {"asked_at": "2025-06-03T12:00:01Z"}):
        what = "".join(" with " + name for name in members)
        of_teams("waits", "waits" + what, **members)
        add("waits", "other", "waits" + what + " by another's prefix", filter={"subject_prefix": "southref"}, **members)
        if "asked_at" not in members:
            both("wait", "wait" + what, {"subject": "northref-1"}, {"subject": "southref-1"}, **members)
        of_teams("exceptions", "exceptions" + what, **members)
    add("exceptions", "other", "exceptions of a subject", filter={"subject": "southref-3", "kind": "all"})
    add("waits", "other", "waits behind a cursor", cursor=daemon.ask("waits", limit=1)["next"], filter={"team": "south"})
    of_teams("alerts", "alerts")
    of_teams("alerts", "open alerts", state="open")
    of_teams("alerts", "alerts with asked_at", asked_at="2025-06-04T12:00:01Z")
    add("alerts", "other", "alerts of a subject", filter={"subject": "southref-1"})
    both("alert.ack", "acknowledging", {"alert_id": north}, {"alert_id": south}, by="jo", note="seen")
    add("follow.report", "plain", "report of a follower", name="follower", alert_seq=1)
    for members in ({"day": "2025-06-03"}, {"from": "2025-06-03", "to": "2025-06-03"}, {"day": "2025-06-03", "asked_at": "2025-06-04T13:00:00Z"}):
        what = "restatement" + "".join(" with " + name for name in members if name == "asked_at") + (" of days" if "from" in members else "")
        both("restatement", what, {"filter": {"team": "north"}}, {"filter": {"team": "south"}}, **members)
    add("restatement", "any", "restatement", day="2025-06-03", group_by=["pathway"])
    add("data_quality", "plain", "data quality")
    add("alert_figures", "plain", "alert figures", **span)
    add("quarantine", "any", "quarantine")
    add("quarantine", "other", "quarantined event", id=2)
    add("access", "plain", "access log")
    add("export", "plain", "export", kind="cqc", **span)
    add("quarantine.retry", "plain", "retry", ids=[1], by="jo")
    add("quarantine.discard", "plain", "discard", ids=[999], by="jo", reason="test")
    add("redact", "plain", "redaction", events=[{"source": "urn:test", "id": "no-such"}], by="jo", reason="test")
    add("retention", "plain", "what is older than it may be kept", dry_run=True)
    add("backup", "plain", "backup", name="b-%d" % len(rows))
    add("backup.status", "plain", "state of the backup")
    add("clock.set", "plain", "clock", now="2025-06-04T12:00:00Z")
    return rows


def shown(reply):
    """Whom a reply shows: "", "own", "other" or "own and other"."""
    text = json.dumps(reply)
    return " and ".join(name for name, mark in (("own", "northref"), ("other", "southref")) if mark in text)


def outcome(reply):
    """What came of a question, in a word or two."""
    if not reply["ok"]:
        leaked = shown(reply)
        return reply["error"]["code"] + (" SHOWS " + leaked if leaked else "")
    return ("shows " + shown(reply)) if shown(reply) else "answered"


def wanted(expectation, kind):
    """The outcomes of a question of this kind that an expectation of the table allows."""
    people_kinds = ("own", "other", "any", "people")
    if kind == "part":  # answered to whoever may ask, without the people that they may not see
        return {{"no": "forbidden", "yes": "shows own and other", "counts": "answered"}.get(expectation, "shows own")}
    if expectation == "no":
        return {"forbidden"}
    if expectation == "yes":
        return {"own": {"shows own", "answered"}, "other": {"shows other", "answered"}, "any": {"shows own and other"}}.get(
            kind, {"answered", "shows own", "shows other", "shows own and other"})
    if expectation in ("counts", "part"):
        return {"forbidden"} if kind in people_kinds and expectation == "counts" else {"answered"}
    return {"own": {"shows own", "answered"}, "other": {"answered", "not_found"}, "any": {"shows own"}}.get(kind, {"answered"})


def judge(daemon, ask):
    """Asks everything as every role, `ask(role, op, members)`; gives (rows of (role, op, what, outcome), complaints)."""
    table, rows, wrong = expected(), [], []
    for role in ROLES:
        for op, kind, what, members in probes(daemon):
            reply = ask(role, op, {**members, "name": role} if op == "follow.report" else members)  # nobody reports under another's name
            came = outcome(reply)
            rows.append((role, op, kind, what, came))
            if came not in wanted(table[op][role], kind):
                wrong.append("%s asks %s (%s): %s, but the table says %s: %s" % (role, op, what, came, table[op][role], json.dumps(reply)[:300]))
    return rows, wrong
