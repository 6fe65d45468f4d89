#!/usr/bin/python3
"""A council's positions and flows once more, in plain SQL over the events of a journal's file: what a pack of evidence is held against.

It knows pathways that count calendar days without leaving pauses out, end with their completing event or a close, and have one standard.
"""
import json
import sqlite3
import struct
from datetime import date, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

RANKS = {"referral.received": 0, "referral.triaged": 1, "wait.transferred": 2, "wait.unallocated": 3, "wait.allocated": 4, "wait.paused": 5,
         "wait.resumed": 6, "contact.made": 7, "assessment.started": 8, "assessment.completed": 9, "review.completed": 9, "service.started": 9,
         "wait.closed": 10, "wait.reopened": 11}
SCHEMA = """
CREATE TABLE event (seq INTEGER PRIMARY KEY, source TEXT, id TEXT, type TEXT, subject TEXT, effective TEXT, day TEXT, place TEXT,
                    pathway TEXT, team TEXT, client_group TEXT, start TEXT, reason TEXT);
CREATE TABLE retracted (source TEXT, id TEXT);
"""
PREPARE = """
CREATE INDEX event_identity ON event (source, id);
DELETE FROM event WHERE rowid IN (SELECT event.rowid FROM retracted JOIN event USING (source, id));
CREATE INDEX event_subject ON event (subject, place);
CREATE TABLE wait AS
  SELECT subject, place, pathway, day AS referred, start FROM
    (SELECT *, row_number() OVER (PARTITION BY subject ORDER BY place) AS n FROM event WHERE type = 'referral.received') WHERE n = 1;
CREATE UNIQUE INDEX wait_subject ON wait (subject);
CREATE TABLE turn AS  -- what ends a wait or opens it again, in order
  SELECT event.subject, event.place, event.day, event.type, event.reason, wait.pathway FROM event JOIN wait USING (subject)
  WHERE event.place > wait.place AND (event.type IN ('wait.closed', 'wait.reopened') OR event.type =
    CASE wait.pathway WHEN 'review' THEN 'review.completed' WHEN 'care_start' THEN 'service.started'
                      WHEN 'hospital_discharge' THEN 'service.started' ELSE 'assessment.completed' END);
CREATE INDEX turn_subject ON turn (subject, place);
"""
# The end that counts by some day is the first behind the last reopening.
LAST_END = """
  SELECT turn.subject, min(turn.place), turn.type, turn.reason, turn.day FROM turn
  LEFT JOIN (SELECT subject, max(place) AS place FROM turn WHERE type = 'wait.reopened' AND day <= :day GROUP BY subject) AS again USING (subject)
  WHERE turn.type <> 'wait.reopened' AND turn.day <= :day AND (again.place IS NULL OR turn.place > again.place) GROUP BY turn.subject
"""
WAITING = """
WITH ended AS (%s),
     excluded AS (SELECT subject FROM (%s) WHERE type = 'wait.closed' AND reason IN ('duplicate', 'recorded_in_error')),
     grouped AS (SELECT subject, client_group FROM (SELECT *, row_number() OVER (PARTITION BY subject ORDER BY place DESC) AS n FROM event
                 WHERE client_group IS NOT NULL AND day <= :day) WHERE n = 1)
SELECT wait.pathway, coalesce(grouped.client_group, 'unknown') AS client_group, julianday(:day) - julianday(wait.start) AS days
FROM wait LEFT JOIN grouped USING (subject)
WHERE wait.referred <= :day AND wait.start <= :day AND wait.subject NOT IN (SELECT subject FROM ended)
  AND wait.subject NOT IN (SELECT subject FROM excluded)
""" % (LAST_END, LAST_END.replace(":day", "'9999-12-31'"))


def journalled(path):
    """The events of a journal's file, as docs/journal.md lays them out."""
    database = sqlite3.connect("file:%s?mode=ro" % path, uri=True)
    for first_seq, count, body in database.execute("SELECT first_seq, count, body FROM segment ORDER BY first_seq"):
        table, begin = len(body) - 12 - 8 * count, 0
        for number in range(count):
            end = struct.unpack_from("<I", body, table + 8 * number)[0] & 0x7fffffff
            yield first_seq + number, json.loads(body[begin:end])
            begin = end
    database.close()


class Journal:
    """The events in tables of their own, and questions to them."""

    def __init__(self, path, zone="Europe/London"):
        self.zone, self.days = ZoneInfo(zone), {}
        self.database = sqlite3.connect(":memory:")
        self.database.executescript(SCHEMA)
        self.database.executemany("INSERT INTO event VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", self.rows(path))
        self.database.executescript(PREPARE)

    def day_of(self, instant):
        return str(instant.astimezone(self.zone).date())

    def midnight(self, day):
        if day not in self.days:
            self.days[day] = datetime.combine(date.fromisoformat(day), datetime.min.time(), self.zone).astimezone(timezone.utc)
        return self.days[day]

    def rows(self, path):
        for seq, event in journalled(path):
            kind, data = event["type"][4:], event["data"]
            if kind == "event.retracted":
                self.database.execute("INSERT INTO retracted VALUES (?, ?)", [data.get("source", event["source"]), data["id"]])
                continue
            instant = datetime.fromisoformat(event["time"].replace("Z", "+00:00")).astimezone(timezone.utc)
            start = data.get("clock_start")
            day = self.day_of(instant)
            if kind == "referral.received" and start is not None and self.midnight(start) < instant:
                instant, day = self.midnight(start), start
            effective = instant.strftime("%Y-%m-%dT%H:%M:%S.%f")
            place = "%s|%s|%02d|%s|%s" % (effective, event.get("sequence", "").ljust(32, "\0"), RANKS[kind], event["source"], event["id"])
            yield (seq, event["source"], event["id"], kind, event["subject"], effective, day, place, data.get("pathway"), data.get("team"),
                   data.get("client_group"), start or self.day_of(datetime.fromisoformat(event["time"].replace("Z", "+00:00"))), data.get("reason"))

    def waiting(self, day, standards):
        """{(pathway, client group or None): (waiting, over standard, median in tenths, longest)} at the end of a day."""
        groups = {}
        for pathway, client_group, days in self.database.execute(WAITING, {"day": day}):
            if pathway in standards:
                groups.setdefault((pathway, None), []).append(int(days))
                groups.setdefault((pathway, client_group), []).append(int(days))
        return {key: (len(days), sum(each > standards[key[0]] for each in days), self.median(sorted(days)), max(days))
                for key, days in groups.items()}

    @staticmethod
    def median(days):
        return "%.1f" % ((days[(len(days) - 1) // 2] + days[len(days) // 2]) / 2)

    def completed(self, first, last):
        """{pathway: completions in the period}; a completion that was taken back by a reopening counts all the same."""
        found = {}
        rows = self.database.execute("""
            WITH excluded AS (SELECT subject FROM (%s) WHERE type = 'wait.closed' AND reason IN ('duplicate', 'recorded_in_error')),
                 counted AS (SELECT *, lag(type) OVER (PARTITION BY subject ORDER BY place) AS before FROM turn)
            SELECT pathway, count(*) FROM counted WHERE type NOT IN ('wait.closed', 'wait.reopened') AND (before IS NULL OR before = 'wait.reopened')
              AND day BETWEEN :first AND :last AND subject NOT IN (SELECT subject FROM excluded) GROUP BY pathway
            """ % LAST_END.replace(":day", "'9999-12-31'"), {"first": first, "last": last})
        for pathway, count in rows:
            found[pathway] = count
        return found


def month_ends(first, last):
    """The days of a pack's positions: the day before the first, every month end, the last."""
    days, day = [date.fromisoformat(first) - timedelta(days=1)], date.fromisoformat(first)
    while day <= date.fromisoformat(last):
        if (day + timedelta(days=1)).day == 1 or str(day) == last:
            days.append(day)
        day += timedelta(days=1)
    return [str(day) for day in days]
