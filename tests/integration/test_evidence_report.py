#!/usr/bin/python3
"""The pages and the workbook of a pack: whole by themselves, for everybody to read, and the same figures as in the tables."""
import datetime
import html.parser
import os
import re
import shutil
import tempfile
import unittest
import xml.etree.ElementTree as ElementTree
import zipfile
import io

import test_figures
from daemon import Daemon
from test_evidence import read_pack, run, table

SENSITIVE = "SENSITIVE"
SHEET = {"m": "http://schemas.openxmlformats.org/spreadsheetml/2006/main"}
EMPTY_TAGS = {"meta", "link", "img", "br", "hr", "input", "path", "circle", "rect"}


class Page(html.parser.HTMLParser):
    """What a page holds: that its elements are closed, its ids, links and tables."""

    def __init__(self, text):
        super().__init__()
        self.open, self.ids, self.links, self.headings, self.tables, self.images = [], [], [], [], [], []
        self.feed(text)
        self.close()
        assert not self.open, self.open

    def handle_starttag(self, tag, attributes):
        attributes = dict(attributes)
        if "id" in attributes:
            self.ids.append(attributes["id"])
        if tag == "a":
            self.links.append(attributes["href"])
        if re.fullmatch(r"h\d", tag):
            self.headings.append(int(tag[1]))
        if tag == "table":
            self.tables.append({"caption": False, "headers": 0, "rows": []})
        if tag == "caption":
            self.tables[-1]["caption"] = True
        if tag == "th":
            assert attributes.get("scope") in ("row", "col"), attributes
            self.tables[-1]["headers"] += 1
        if tag == "tr":
            self.tables[-1]["rows"].append([])
        if tag in ("td", "th"):
            self.tables[-1]["rows"][-1].append("")
        if tag == "svg":
            self.images.append((attributes.get("role"), False))
        if tag not in EMPTY_TAGS:
            self.open.append(tag)

    def handle_startendtag(self, tag, attributes):
        assert tag in EMPTY_TAGS, tag

    def handle_endtag(self, tag):
        assert self.open and self.open[-1] == tag, (tag, self.open)
        self.open.pop()

    def handle_data(self, data):
        if self.open and self.open[-1] in ("td", "th"):
            self.tables[-1]["rows"][-1][-1] += data
        if "svg" in self.open and self.open[-1] == "title":
            self.images[-1] = (self.images[-1][0], True)


def plain(text):
    """A number as people read it, as a program does."""
    return text.replace(",", "").replace("\u2212", "-").replace("+", "")


class Reports(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.mkdtemp(prefix="wl-")
        cls.addClassCleanup(shutil.rmtree, cls.folder)
        with Daemon(clock="2025-01-01T08:00:00Z", pathways=test_figures.PATHWAYS.replace('name = "dols";', 'name = "dols"; label = "A <b> & \\"c\\"";')) as daemon:
            test_figures.live(daemon)
            for name, words in (("secret", ["--labels", daemon.config_path]), ("told", ["--publish"])):
                run("export", "cqc", "--from", "2025-02-10", "--to", "2025-06-20", "--unsigned", "--out", os.path.join(cls.folder, name), *words,
                    journal=daemon.journal)
            run("verify", os.path.join(cls.folder, "secret"), "--unsigned", journal=daemon.journal)
            run("verify", os.path.join(cls.folder, "told"), "--unsigned", journal=daemon.journal)
        cls.secret, cls.told = (read_pack(os.path.join(cls.folder, name)) for name in ("secret", "told"))

    # --- pages ----------------------------------------------------------------------------------------------------

    def test_pages_stand_by_themselves(self):
        for pack in (self.secret, self.told):
            for name in ("index.html", "methodology.html"):
                text = pack[name].decode()
                page = Page(text)
                self.assertIn('<html lang="en-GB">', text)
                self.assertNotRegex(text, r"https?://|<script|<img|@import|url\(", "nothing is fetched and nothing runs")
                self.assertEqual(len(page.ids), len(set(page.ids)))
                for link in page.links:
                    self.assertTrue(link[1:] in page.ids if link.startswith("#") else link in pack, link)
                self.assertEqual(page.headings[0], 1)
                for before, after in zip(page.headings, page.headings[1:]):
                    self.assertLessEqual(after, before + 1, "no level is left out")
                self.assertNotIn("statutory breach", text)
                for found in page.tables:
                    self.assertTrue(found["caption"] and found["headers"] > 1)
                    self.assertEqual(len({len(row) for row in found["rows"]}), 1, "every row has every cell")
                self.assertTrue(all(image == ("img", True) for image in page.images))
        self.assertGreaterEqual(len(Page(self.secret["index.html"].decode()).images), 3)

    def test_what_is_sensitive_says_so_everywhere(self):
        for name in ("index.html", "methodology.html"):
            self.assertIn(SENSITIVE, self.secret[name].decode())
            self.assertNotIn(SENSITIVE, self.told[name].decode())
        for name, sheet in self.sheets(self.secret).items():
            self.assertIn(SENSITIVE, "".join(sheet.itertext()), name)
        for name, sheet in self.sheets(self.told).items():
            self.assertNotIn(SENSITIVE, "".join(sheet.itertext()), name)

    def test_names_are_escaped(self):
        text = self.secret["index.html"].decode()
        self.assertIn("A &lt;b&gt; &amp; &quot;c&quot;", text)
        self.assertNotIn("A <b>", text)

    def test_the_report_has_the_figures_of_the_tables(self):
        for pack in (self.secret, self.told):
            page = Page(pack["index.html"].decode())
            shown = [[plain(cell) for cell in row] for found in page.tables for row in found["rows"]]
            foi = table(pack, "foi")
            for row, told in zip(shown[1:], foi):
                self.assertEqual([cell if cell != "\u2013" else "" for cell in row[1:]],
                                 [told[name] for name in ("waiting", "median", "longest", "completed", "completed_median", "died")])
            flat = {tuple(row[1:]) for row in shown}
            for row in table(pack, "position"):
                if row["day"] == "2025-06-20" and row["breakdown"] in ("pathway", "team", "district"):
                    cells = tuple(row[name] or "\u2013" for name in ("waiting", "over_standard", "over_standard_percent", "due", "unallocated", "median",
                                                                     "p90", "longest", "over_6_months", "over_12_months"))
                    self.assertIn(cells, flat, row)

    def test_every_column_is_defined_with_its_version(self):
        text = self.secret["methodology.html"].decode()
        for row in table(self.secret, "columns"):
            self.assertIn("<small>(%s)</small>" % row["column"], text)
            self.assertGreater(len(row["definition"]), 5)
            self.assertEqual(row["rule_version"], "1")
        self.assertIn("What cannot be concluded", text)
        self.assertIn("How few people are protected", self.told["methodology.html"].decode())

    # --- the workbook ---------------------------------------------------------------------------------------------

    def sheets(self, pack):
        """The sheets by name, with the texts that the workbook shares put back in their cells."""
        archive = zipfile.ZipFile(io.BytesIO(pack["evidence.xlsx"]))
        shared = ["".join(node.itertext()) for node in ElementTree.fromstring(archive.read("xl/sharedStrings.xml")).findall("m:si", SHEET)]
        book = ElementTree.fromstring(archive.read("xl/workbook.xml"))
        names = [node.get("name") for node in book.find("m:sheets", SHEET)]
        found = {}
        for number, name in enumerate(names, 1):
            sheet = ElementTree.fromstring(archive.read("xl/worksheets/sheet%d.xml" % number))
            for cell in sheet.iter("{%s}c" % SHEET["m"]):
                value = cell.find("m:v", SHEET)
                if cell.get("t") == "s":
                    value.text = shared[int(value.text)]
            found[name] = sheet
        return found

    @staticmethod
    def rows(sheet):
        for row in sheet.iter("{%s}row" % SHEET["m"]):
            cells = {}
            for cell in row.findall("m:c", SHEET):
                letters = re.match(r"[A-Z]+", cell.get("r")).group(0)
                column = 0
                for letter in letters:
                    column = 26 * column + ord(letter) - 64
                value = cell.find("m:v", SHEET)
                if value is not None:
                    cells[column - 1] = (cell.get("t"), value.text)
            yield int(row.get("r")), cells

    def test_the_workbook_has_the_cells_of_the_tables(self):
        for pack in (self.secret, self.told):
            sheets = self.sheets(pack)
            units = {(row["table"], row["column"]): row["unit"] for row in table(pack, "columns")}
            stems = [name[:-4] for name in pack if name.endswith(".csv") and name != "columns.csv"]
            self.assertEqual(set(sheets), {"contents", "charts"} | set(stems))
            for stem in stems:
                rows = dict(self.rows(sheets[stem]))
                told = table(pack, stem)
                names = list(told[0]) if told else []
                for number, expected in enumerate(told):
                    for column, name in enumerate(names):
                        cell = self.text_of(rows.get(5 + number, {}).get(column), units[stem, name])
                        wanted = re.sub(r"\.0$", "", expected[name]) if units[stem, name] == "days" else expected[name]
                        self.assertEqual(cell, wanted, (stem, number, name))

    @staticmethod
    def text_of(cell, unit):
        """A cell as it stands in CSV."""
        if cell is None:
            return ""
        kind, value = cell
        if kind == "s":
            return value
        if unit == "date":
            return str(datetime.date(1899, 12, 30) + datetime.timedelta(days=int(value)))
        if unit == "percent":
            return "%.1f" % (100 * float(value))
        return "%g" % round(float(value), 1) if "." in value else value

    def test_the_workbook_is_made_for_reading(self):
        archive = zipfile.ZipFile(io.BytesIO(self.secret["evidence.xlsx"]))
        charts = [name for name in archive.namelist() if re.match(r"xl/charts/chart\d+\.xml", name)]
        self.assertEqual(len(charts), 3)
        for name, sheet in self.sheets(self.secret).items():
            if name not in ("contents", "charts"):
                pane = sheet.find("m:sheetViews/m:sheetView/m:pane", SHEET)
                self.assertEqual((pane.get("ySplit"), pane.get("state")), ("4", "frozen"), name)
        self.assertIn(b"2000-01-01T00:00:00Z", archive.read("docProps/core.xml"))



if __name__ == "__main__":
    unittest.main()
