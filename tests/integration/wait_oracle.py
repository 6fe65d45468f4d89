"""The rules of a wait once more, in the plainest Python, for tests to compare with: no code is shared with the daemon or the simulation."""
import bisect
import datetime
import json
import zoneinfo

LONDON = zoneinfo.ZoneInfo("Europe/London")
UTC = datetime.timezone.utc
RANK = {
    "asc.referral.received": 0,
    "asc.referral.triaged": 1,
    "asc.wait.transferred": 2,
    "asc.wait.unallocated": 3,
    "asc.wait.allocated": 4,
    "asc.wait.paused": 5,
    "asc.wait.resumed": 6,
    "asc.contact.made": 7,
    "asc.assessment.started": 8,
    "asc.assessment.completed": 9,
    "asc.review.completed": 9,
    "asc.service.started": 9,
    "asc.wait.closed": 10,
    "asc.wait.reopened": 11,
}
COMPLETING = {"asc.assessment.completed", "asc.review.completed", "asc.service.started"}


def _midnights():
    first = datetime.date(2015, 1, 1)
    days = [first + datetime.timedelta(days=n) for n in range(20 * 365)]
    starts = [int(datetime.datetime(d.year, d.month, d.day, tzinfo=LONDON).timestamp() * 1000) for d in days]
    return days, starts


DAYS, STARTS = _midnights()


def day_of(milliseconds):
    return DAYS[bisect.bisect_right(STARTS, milliseconds) - 1]


def midnight(day):
    return STARTS[(day - DAYS[0]).days]


def instant(text):
    return int(datetime.datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp() * 1000)


class Wait:
    """The fold of one wait's events with an effective day on or before a date (rules, section 4)."""

    def __init__(self, completes_on):
        self.completes_on = completes_on
        self.stage = None
        self.start = self.stop = self.reason = self.client_group = self.started = None
        self.pauses = []
        self.exceptions = []

    def _except(self, code):
        self.exceptions.append(code)

    def apply(self, event):
        kind, data, day = event["type"], event["data"], event["day"]
        if kind == "asc.referral.received":
            if self.stage is not None:
                return self._except("duplicate_referral")
            self.stage = "unallocated"
            self.start = datetime.date.fromisoformat(data["clock_start"]) if "clock_start" in data else day
            self.client_group = data.get("client_group")
            return None
        if self.stage is None:
            return self._except("no_referral")
        if self.stage in ("completed", "closed"):
            if kind != "asc.wait.reopened":
                return self._except("after_end")
            self.stage, self.stop, self.reason, self.started = "unallocated", None, None, None
            return None
        return self._apply_open(kind, data, day)

    def _apply_open(self, kind, data, day):
        paused = bool(self.pauses) and self.pauses[-1][1] is None
        if kind == "asc.referral.triaged":
            self.client_group = data.get("client_group", self.client_group)
        elif kind in ("asc.wait.transferred", "asc.wait.unallocated"):
            self.stage = "unallocated" if self.stage == "allocated" else self.stage
        elif kind == "asc.wait.allocated":
            self.stage = "allocated" if self.stage == "unallocated" else self.stage
        elif kind == "asc.wait.paused":
            return self._except("already_paused") if paused else self.pauses.append([day, None])
        elif kind == "asc.wait.resumed":
            if not paused:
                return self._except("not_paused")
            self.pauses[-1][1] = day
        elif kind == "asc.assessment.started":
            if self.stage == "in_progress":
                return self._except("already_started")
            self.stage, self.started = "in_progress", day
        elif kind in COMPLETING or kind == "asc.wait.closed":
            if kind in COMPLETING and kind != self.completes_on:
                return self._except("wrong_completion")
            if paused:
                self.pauses[-1][1] = day
            self.stage = "closed" if kind == "asc.wait.closed" else "completed"
            self.stop, self.reason = day, data.get("reason")
        elif kind == "asc.wait.reopened":
            return self._except("not_ended")
        return None

    def gross_days(self, day):
        return max(0, (day - self.start).days)

    def net_days(self, day):
        """Gross days less those of a pause: the days d with from < d <= (to or now) (rules, section 5)."""
        paused = sum(max(0, (min(to or day, day) - max(begin, self.start)).days) for begin, to in self.pauses)
        return self.gross_days(day) - paused


class Register:
    """All events of some pathways out of NDJSON lines in order of arrival; asked for any day."""

    def __init__(self, pathways, prefixes):
        """`pathways`: name to (completing type, whether pauses are excluded); `prefixes`: of the subjects to look at."""
        self.pathways = pathways
        self.marks = tuple('"subject":"' + prefix for prefix in prefixes)
        self.seen = {}
        self.waits = {}
        self.retracted = set()
        self.lines = self.duplicates = self.late = 0

    def add(self, line):
        self.lines += 1
        if not any(mark in line for mark in self.marks):
            return
        event = json.loads(line)
        identity = (event["source"], event["id"])
        if identity in self.seen:
            assert self.seen[identity] == hash(line), "one identity with two contents"
            self.duplicates += 1
            return
        self.seen[identity] = hash(line)
        if event["type"] == "asc.event.retracted":
            self.retracted.add((event["data"].get("source", event["source"]), event["data"]["id"]))
            return
        time = instant(event["time"])
        if "clock_start" in event["data"]:
            time = min(time, midnight(datetime.date.fromisoformat(event["data"]["clock_start"])))
        event["key"] = (time, event.get("sequence", ""), RANK[event["type"]], event["source"], event["id"])
        event["day"] = day_of(time)
        self.waits.setdefault(event["subject"], []).append(event)

    def _fold(self, events, pathway, last_day):
        wait = Wait(self.pathways[pathway][0])
        for event in events:
            if last_day is None or event["day"] <= last_day:
                wait.apply(event)
        return wait

    def folded(self, last_day=None):
        """(pathway, state at `last_day`) of every wait that counts at all as now known."""
        for events in self.waits.values():
            valid = sorted((e for e in events if (e["source"], e["id"]) not in self.retracted), key=lambda e: e["key"])
            pathway = next((e["data"]["pathway"] for e in valid if e["type"] == "asc.referral.received"), None)
            if pathway is None:
                continue
            final = self._fold(valid, pathway, None)
            if final.stage == "closed" and final.reason in ("recorded_in_error", "duplicate"):
                continue
            yield pathway, final if last_day is None else self._fold(valid, pathway, last_day)

    def position(self, day, standard=28):
        """(pathway, client group) to [waiting, waiting longer than the standard, longest] at the end of `day`."""
        counts = {}
        for pathway, wait in self.folded(day):
            if wait.stage is None or wait.stop is not None or wait.start > day:
                continue
            days = wait.net_days(day) if self.pathways[pathway][1] else wait.gross_days(day)
            count = counts.setdefault((pathway, wait.client_group), [0, 0, 0])
            count[0] += 1
            count[1] += days > standard
            count[2] = max(count[2], days)
        return counts

    def completed(self, pathway, first, last):
        return sum(1 for name, wait in self.folded() if name == pathway and wait.stage == "completed" and first <= wait.stop <= last)

    def exceptions(self):
        return sum(len(wait.exceptions) for _, wait in self.folded())
