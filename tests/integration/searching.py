"""Values that must not be found, and a search for them through every byte of every file, in each form in which they could lie there."""
import base64
import io
import os
import random
import re
import zipfile


def nhs_number(rng):
    """Ten digits with the check digit of modulus 11."""
    while True:
        digits = [rng.choice("467")] + [rng.choice("0123456789") for _ in range(8)]
        check = 11 - sum((10 - place) * int(digit) for place, digit in enumerate(digits)) % 11
        if check != 10:
            return "".join(digits) + str(check % 11)


def is_nhs_number(text):
    if not re.fullmatch("[0-9]{10}", text):
        return False
    check = 11 - sum((10 - place) * int(digit) for place, digit in enumerate(text[:9])) % 11
    return check != 10 and check % 11 == int(text[9])


def forms(value):
    """The bytes that betray a value: plain, a number also with blanks or hyphens, in UTF-16, and in base64 at each of its three offsets."""
    found, texts = set(), {value}
    if re.fullmatch("[0-9]{10}", value):
        texts |= {between.join((value[:3], value[3:6], value[6:])) for between in " -"}
    for text in texts:
        found |= {text.encode(), text.encode("utf-16-le"), text.encode("utf-16-be")}
        for shift in range(3):
            encoded = base64.b64encode(b"\0" * shift + text.encode()).rstrip(b"=")
            # The letters that neighbours have a share in are left out.
            found.add(encoded[4 if shift else 0:len(encoded) - (1 if (shift + len(text.encode())) % 3 else 0)])
    return {form for form in found if len(form) >= 6}


def contents(path):
    """(name, bytes) of a file and of the members of an archive."""
    with open(path, "rb") as file:
        data = file.read()
    yield path, data
    if zipfile.is_zipfile(io.BytesIO(data)):
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            for name in archive.namelist():
                yield path + "!" + name, archive.read(name)


class Search:
    """Makes values, each for one path by which it could come in, and looks for all of them."""

    def __init__(self, seed):
        self.rng = random.Random(seed)
        self.values = {}

    def number(self, path):
        """A fresh NHS number."""
        return self.keep(nhs_number(self.rng), path)

    def spaced(self, path, between=" "):
        """One written 3-3-4."""
        number = self.number(path)
        return between.join((number[:3], number[3:6], number[6:]))

    def mail(self, path):
        return self.keep("w%06d.quillfeather" % self.rng.randrange(10**6), path) + "@" + self.keep("x%06d.example" % self.rng.randrange(10**6), path)

    def word(self, path):
        """Stands for a name, a postcode, an address."""
        return self.keep("Zebedee%08d" % self.rng.randrange(10**8), path)

    def keep(self, value, path):
        assert value not in self.values
        self.values[value] = path
        return value

    def in_bytes(self, data):
        """Which paths betrayed their value in these bytes."""
        return {path for value, path in self.values.items() if any(form in data for form in forms(value))}

    def in_folders(self, *folders, but=()):
        """{file: paths} of everything below the folders, names of files and folders included."""
        found = {}
        for folder in folders:
            for base, folders_in, names in os.walk(folder):
                for name in names + folders_in:
                    path = os.path.join(base, name)
                    if self.in_bytes(name.encode(errors="surrogateescape")):
                        found.setdefault(path, set()).update(self.in_bytes(name.encode(errors="surrogateescape")))
                    if os.path.isfile(path) and path not in but:
                        for inside, data in contents(path):
                            if self.in_bytes(data):
                                found.setdefault(inside, set()).update(self.in_bytes(data))
        return found
