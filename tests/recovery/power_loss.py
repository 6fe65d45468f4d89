"""What a disk still holds when the power fails at some point of the tape that the fault shim wrote (fault_shim.c).

A write is certain once its file was synced after it; a name is certain once its folder was synced after it. What is not certain is there
or not, by chance: of each file any selection of the unsynced writes, whole or by sectors of 512 bytes, and of the changes of names any
first part, as a file system with a log keeps them. After a sync that failed, the writes that it was about are uncertain for ever, for the
page cache forgets that they are still to be written.
"""
import os
import struct

OPEN, WRITE, TRUNCATE, SYNC, SYNC_FAILED, RENAME, UNLINK = range(1, 8)
CREATED, TRUNCATED, FOLDER = 1, 2, 4
RECORD = struct.Struct("=IIQQQ")
SECTOR = 512


class File:
    def __init__(self, content=b""):
        self.certain = bytearray(content)
        self.pending = []  # (kind, offset, bytes) since the last sync

    @staticmethod
    def apply(content, change):
        kind, offset, data = change
        if kind == TRUNCATE:
            del content[offset:]
            content.extend(bytes(offset - len(content)))
        else:
            content.extend(bytes(max(0, offset - len(content))))
            content[offset:offset + len(data)] = data

    def sync(self):
        for change in self.pending:
            self.apply(self.certain, change)
        self.pending = []

    def fail_sync(self, chance):
        """Whatever reached the disk by then did, and nothing will bring the rest there."""
        self.certain = self.image(chance)
        self.pending = []

    def image(self, chance):
        """The bytes that are found again; `chance` None: nothing that is uncertain."""
        content = bytearray(self.certain)
        for change in self.pending if chance else []:
            if chance.random() < 0.5:
                self.apply(content, change)
            elif change[0] == WRITE and chance.random() < 0.5:
                for start in range(0, len(change[2]), SECTOR):
                    if chance.random() < 0.5:
                        self.apply(content, (WRITE, change[1] + start, change[2][start:start + SECTOR]))
        return content


class Disk:
    """The folder as it was before the tape, and then the tape up to a point."""

    def __init__(self, folder, chance=None):
        self.chance = chance  # None: nothing that is uncertain is found again
        self.names = {name: File(read(os.path.join(folder, name))) for name in files_in(folder) if is_kept(name)}
        self.certain_names = dict(self.names)
        self.renamings = []  # since the folder was synced: (name, file or None)
        self.handles = {}
        self.position = 0

    def play(self, tape, until):
        """Takes whole records of the tape's bytes up to the position `until`."""
        while self.position + RECORD.size <= until:
            kind, flags, handle, offset, length = RECORD.unpack_from(tape, self.position)
            end = self.position + RECORD.size + length
            if end > until:
                return
            self.take(kind, flags, handle, offset, tape[end - length:end])
            self.position = end

    def take(self, kind, flags, handle, offset, data):
        if kind == OPEN:
            self.open(flags, handle, data.decode())
        elif kind == RENAME:
            before, after = data.decode().split("\0")
            self.name(after, self.names[before])
            self.name(before, None)
        elif kind == UNLINK:
            self.name(data.decode(), None)
        elif self.handles[handle] is None:
            self.sync_folder(kind)
        elif kind in (WRITE, TRUNCATE):
            self.handles[handle].pending.append((kind, offset, data))
        elif kind == SYNC:
            self.handles[handle].sync()
        else:
            self.handles[handle].fail_sync(self.chance)

    def open(self, flags, handle, name):
        if flags & FOLDER:
            self.handles[handle] = None
            return
        if flags & CREATED or name not in self.names:
            self.name(name, File())
        if flags & TRUNCATED:
            self.names[name].pending.append((TRUNCATE, 0, b""))
        self.handles[handle] = self.names[name]

    def name(self, name, file):
        self.names.pop(name, None)
        if file is not None:
            self.names[name] = file
        self.renamings.append((name, file))

    def sync_folder(self, kind):
        if kind == SYNC:
            self.certain_names = dict(self.names)
            self.renamings = []

    def image(self):
        """Name and bytes of every file that is found again."""
        names = dict(self.certain_names)
        for name, file in self.renamings[:self.chance.randint(0, len(self.renamings)) if self.chance else 0]:
            names.pop(name, None)
            if file is not None:
                names[name] = file
        return {name: bytes(file.image(self.chance)) for name, file in names.items()}


def is_kept(name):
    return not name.endswith(("-shm", ".lock"))


def files_in(folder):
    """The names of its files; folders in it are on no tape."""
    return [name for name in os.listdir(folder) if os.path.isfile(os.path.join(folder, name))]


def read(path):
    with open(path, "rb") as file:
        return file.read()


def put_back(folder, image):
    """The folder as the image has it, and nothing else in it."""
    for name in files_in(folder):
        os.unlink(os.path.join(folder, name))
    for name, content in image.items():
        with open(os.path.join(folder, name), "wb") as file:
            file.write(content)
