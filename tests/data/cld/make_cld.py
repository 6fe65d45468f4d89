#!/usr/bin/python3
"""Writes a synthetic Client Level Data file: the same seed gives the same bytes. The people in it do not exist.

Usage: make_cld.py [--rows N] [--seed N] [--release 1|2] [--headers spaces|underscores] [--dates british|iso|mixed] [--faults SHARE] FILE
"""
import argparse
import csv
import datetime
import random

HEADERS = [
    "LA Code", "Reporting Period Start Date", "Reporting Period End Date", "NHS Number", "LA Person Unique Identifier", "First Name",
    "Last Name", "GP Practice Name", "GP Practice Code", "Gender", "Ethnicity", "Date of Birth", "Date of Death", "Client Type",
    "Primary Support Reason", "Postcode", "Accommodation Status", "Employment Status", "Has Unpaid Carer", "Autism Spectrum Disorder (ASD)",
    "Visual Impairment", "Hearing Impairment", "Dementia", "Client Funding Status", "Event Type", "Event Reference", "Event Start Date",
    "Event End Date", "Event Description", "Event Outcome", "Request: Route of Access", "Assessment Type", "Eligible Needs Identified",
    "Method of Assessment", "Total Hrs Caring per week", "No. of adults being cared for", "Adult 1 Linked Person_ID",
    "Adult 2 Linked Person_ID", "Adult 3 Linked Person_ID", "Service Type", "Service Component", "Delivery Mechanism",
    "Provider CQC Location Name", "Provider CQC Location ID", "Review Reason", "Review Outcomes Achieved", "Method of Review", "Unit Cost",
    "Cost Frequency (Unit Type)", "Planned units per week"]

# Each label in the spellings of release 1 and release 2.
CLIENT = [("Service User", "Service user"), ("Carer", "Unpaid carer")]
NFA = [("NFA - Information & Advice / Signposting only", "NFA: Information and advice or signposting"),
       ("NFA - Support declined", "NFA: Support declined"), ("NFA- Other", "NFA: Other"), ("NFA - Deceased", "NFA: Deceased"),
       ("NFA - Self-funded client (Inc. 12wk disregard)", "NFA: Self-funded client or under 12wk disregard"),
       ("Admitted to hospital", "Admitted to hospital")]
ONWARD = [("Progress to Assessment", "Progress to assessment, review or reassessment"),
          ("Progress to Reablement/ST-Max", "Progress to reablement/ST-Max"),
          ("Progress to Support Planning / Services", "Progress to support planning or services")]
ASSESSED = [("Progress to Support Planning / Services", "Progress to support planning or services"),
            ("No change in package", "Continuation of support or services"),
            ("NFA \u2013 No services offered: Other reason", "NFA: No services offered for other reason")]
SERVICES = [("Long Term Support: Community", "Long term support: Community"),
            ("Long Term Support: Residential Care", "Long term support: Residential care"),
            ("Short Term Support: ST-Max", "Short term support: ST-Max"),
            ("Short Term Support: Ongoing Low Level", "Short term support: Ongoing low level")]
ROUTES = ["Community / Other route", "Discharge from Hospital", "Planned Entry (Transition)"]
REASONS = ["Physical Support: Personal care support", "Support with Memory & Cognition", "Mental Health Support"]
FAULTS = [("Event Start Date", "31/02/2025"), ("Event Type", "Telephone call"), ("Client Type", "Dog"), ("Event End Date", "")]


def nhs_number(number):
    """A valid number of the range that is kept for tests (999 at the start), or None where that one does not exist."""
    digits = "999%06d" % number
    check = (11 - sum(int(digit) * (10 - place) for place, digit in enumerate(digits)) % 11) % 11
    return None if check == 10 else digits + str(check)


class Maker:
    def __init__(self, options):
        self.options = options
        self.chance = random.Random(options.seed)
        self.label = options.release - 1
        self.people = 0
        self.first = datetime.date(2024, 4, 1)

    def date(self, day):
        style = self.options.dates
        if style == "mixed":
            style = self.chance.choice(["british", "iso"])
        return day.strftime("%d/%m/%Y") if style == "british" else day.isoformat()

    def person(self):
        self.people += 1
        number = nhs_number(self.people % 1000000) if self.chance.random() < 0.95 else None
        age = self.chance.choice([22, 30, 45, 60, 70, 78, 84, 90])
        born = datetime.date(2025 - age, self.chance.randint(1, 12), self.chance.randint(1, 28))
        carer = self.chance.random() < 0.08
        return {
            "LA Code": "999", "Reporting Period Start Date": self.date(self.first),
            "Reporting Period End Date": self.date(datetime.date(2025, 9, 30)), "NHS Number": number or self.chance.choice(["", "NULL"]),
            "LA Person Unique Identifier": "P%07d" % self.people, "First Name": "Zebedee%d" % self.people, "Last Name": "Quillfeather",
            "Date of Birth": self.date(born), "Date of Death": "NULL", "Client Type": CLIENT[carer][self.label],
            "Primary Support Reason": self.chance.choice(REASONS), "Postcode": "ZZ99 3VZ", "GP Practice Name": "Surgery, \"Old\" Mill",
            "Gender": "Unknown"}

    def event(self, person, kind, start, end, outcome, **more):
        return {**person, "Event Type": kind, "Event Start Date": self.date(start), "Event End Date": self.date(end) if end else "",
                "Event Outcome": outcome[self.label] if outcome else "NULL", **more}

    def assessment(self, person, start):
        therapy = self.chance.random() < 0.3
        kind = ("Short Term Assessment", "Short term assessment") if therapy else ("Long Term Assessment", "Long term assessment")
        end = start + datetime.timedelta(days=self.chance.randint(0, 20))
        more = {"Assessment Type": kind[self.label], "Method of Assessment": "Service user only"}
        if therapy and self.chance.random() < 0.9:
            more["Event Description"] = self.chance.choice(["Occupational Therapy assessment", "OT - bathing", "Visit (O.T., hoist)"])
        return end, self.event(person, "Assessment", start, end, self.chance.choice(ASSESSED), **more)

    def journey(self):
        """One person's rows: a request, and what comes of it."""
        person = self.person()
        start = self.first + datetime.timedelta(days=self.chance.randint(0, 400))
        end = start + datetime.timedelta(days=self.chance.randint(0, 5))
        route = {"Request: Route of Access": self.chance.choice(ROUTES)}
        if self.chance.random() < 0.35:
            return [self.event(person, "Request", start, end, self.chance.choice(NFA), **route)]
        rows = [self.event(person, "Request", start, end, self.chance.choice(ONWARD), **route)]
        if self.chance.random() < 0.05:
            again = start + datetime.timedelta(days=3)
            rows.append(self.event(person, "Request", again, again, ONWARD[0], **route))
        if self.chance.random() < 0.1:
            return rows
        waited = min(int(self.chance.expovariate(1 / 30)), 300)
        finished, row = self.assessment(person, start + datetime.timedelta(days=waited))
        rows.append(row)
        if self.chance.random() < 0.5:
            began = finished + datetime.timedelta(days=self.chance.randint(0, 30))
            ends = began + datetime.timedelta(days=60) if self.chance.random() < 0.3 else None
            rows.append(self.event(person, "Service", began, ends, ONWARD[2], **{
                "Service Type": self.chance.choice(SERVICES)[self.label], "Service Component": "Home Support", "Unit Cost": "21.50"}))
        if self.chance.random() < 0.1:
            rows.append(self.event(person, "Review", finished, finished, ASSESSED[1], **{"Review Reason": "Planned"}))
        if self.chance.random() < 0.02:
            rows.append(dict(rows[0]))
        return rows

    def spoil(self, row):
        if self.chance.random() < self.options.faults:
            column, value = self.chance.choice(FAULTS)
            row[column] = value
        return row

    def write(self, path):
        names = [name.replace(" ", "_") for name in HEADERS] if self.options.headers == "underscores" else HEADERS
        # Written as if extracted event by event: the rows of a person do not stand together.
        held, written = [], 0
        with open(path, "w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(names)
            while written < self.options.rows:
                while len(held) < min(5000, self.options.rows):
                    held += self.journey()
                row = self.spoil(held.pop(self.chance.randrange(len(held))))
                writer.writerow([row.get(name, "") for name in HEADERS])
                written += 1


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--rows", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--release", type=int, choices=(1, 2), default=1)
    parser.add_argument("--headers", choices=("spaces", "underscores"), default="spaces")
    parser.add_argument("--dates", choices=("british", "iso", "mixed"), default="british")
    parser.add_argument("--faults", type=float, default=0.0, help="share of rows that get something wrong")
    parser.add_argument("file")
    options = parser.parse_args()
    Maker(options).write(options.file)


if __name__ == "__main__":
    main()
