#!/usr/bin/python3
"""A made-up council whose half a year is lived day by day, late records and corrections among them, and what the daemon said each evening."""
import collections
import datetime
import random

import wait_oracle
from daemon import Daemon, event, line, referral

SEED = 20250731
FIRST = datetime.date(2025, 1, 6)
TODAY = datetime.date(2025, 6, 30)
PATHWAYS = {"needs_assessment": ("asc.assessment.completed", False), "review": ("asc.review.completed", False)}
KINDS = ([], ["pathway"], ["team"], ["pathway", "team"], ["pathway", "district"], ["pathway", "client_group"])  # reported every day


def days(first, last):
    return [first + datetime.timedelta(days=n) for n in range((last - first).days + 1)]


def history(subject, chance):
    """One wait's events with the day on which each is sent; some are late, some contradict, some are taken back."""
    pathway = chance.choice(sorted(PATHWAYS))
    day = FIRST + datetime.timedelta(days=chance.randrange((TODAY - FIRST).days))
    data = {"client_group": chance.choice(["carer", "older_people"])} if chance.random() < 0.8 else {}
    if chance.random() < 0.1:
        data["clock_start"] = str(day + datetime.timedelta(days=chance.randint(-20, 20)))
    rows = [(day, referral(subject, str(day), chance.choice(["north", "south"]), pathway, **data))]
    while chance.random() < 0.75:
        day += datetime.timedelta(days=chance.randint(0, 25))
        kind, more = chance.choice([("wait.allocated", {"worker": "w1"}), ("wait.transferred", {"team": chance.choice(["north", "south", "east"])}),
                                    ("contact.made", {}), ("wait.paused", {"reason": "in_hospital"}), ("wait.resumed", {}),
                                    ("assessment.started", {}), (PATHWAYS[pathway][0][4:], {"outcome": "eligible"}),
                                    (PATHWAYS[pathway][0][4:], {}), ("wait.closed", {"reason": chance.choice(["died", "declined"])}),
                                    ("wait.closed", {"reason": "duplicate"}), ("wait.reopened", {})])
        if day > TODAY:
            break
        rows.append((day, event(kind, subject, str(day), more)))
        if chance.random() < 0.06:
            gone = rows[-1][1]
            rows.append((day, event("event.retracted", subject, str(day), {"id": gone["id"]})))
    late = [(sent + datetime.timedelta(days=chance.randint(1, 40)) if chance.random() < 0.2 else sent, row) for sent, row in rows]
    return [(min(sent, TODAY), row) for sent, row in late]


class Council:
    """For a test case to inherit beside unittest.TestCase."""

    @classmethod
    def setUpClass(cls):
        chance = random.Random(SEED)
        cls.daemon = Daemon(clock="%sT06:00:00Z" % FIRST)
        cls.sent = []                                      # in order of arrival: the seq of a row is its place, from 1
        cls.lived = {}                                     # day: (seq at its end, what was told that day at its end)
        cls.evenings = {}                                  # day: the same by every kind that is reported
        by_day = collections.defaultdict(list)
        for number in range(400):
            for sent, row in history("W-%d" % number, chance):
                by_day[sent].append(row)
        for day in days(FIRST, TODAY):
            cls.daemon.set_clock("%sT20:00:00Z" % day)
            if by_day[day]:
                cls.daemon.take(*by_day[day])
                cls.sent += by_day[day]
            cls.evenings[day] = {tuple(kind): cls.daemon.ask("summary", group_by=kind) for kind in KINDS}
            cls.lived[day] = (len(cls.sent), cls.evenings[day]["pathway", "client_group"])
        cls.days = sorted(chance.sample(days(FIRST, TODAY), 25)) + [FIRST, TODAY]

    @classmethod
    def tearDownClass(cls):
        try:
            cls.daemon.stop()
        finally:
            cls.daemon.close()

    def register(self, known_at=None):
        register = wait_oracle.Register(PATHWAYS, ["W-"])
        for row in self.sent[:known_at]:
            register.add(line(row).decode())
        return register
