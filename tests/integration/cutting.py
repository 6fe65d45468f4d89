"""A proxy between a follower and the daemon that cuts connections after a random number of bytes, both ways and without a word."""
import os
import selectors
import socket
import threading


class CuttingProxy:
    """Listens in a folder of its own as a daemon does, and passes bytes on to the daemon's publish and query sockets.

    Each connection may carry so many bytes as `budget()` says when it begins (None: any number); then both its ends are closed. The queue `ticks`
    gets a word for each connection made, each cut and each piece passed on, so that a test can go on by what happens instead of by time.
    """

    NAMES = ("publish", "query")

    def __init__(self, folder, daemon_folder, budget, ticks):
        self.folder, self.budget, self.ticks = folder, budget, ticks
        self.cuts = 0
        self.selector = selectors.DefaultSelector()
        self.peers, self.left = {}, {}
        self.listeners = []
        for name in self.NAMES:
            listener = socket.socket(socket.AF_UNIX)
            listener.bind(os.path.join(folder, name + ".ipc"))
            listener.listen(64)
            self.listeners.append(listener)
            self.selector.register(listener, selectors.EVENT_READ, os.path.join(daemon_folder, name))
        self.wake, self.woken = socket.socketpair()
        self.selector.register(self.woken, selectors.EVENT_READ, None)
        self.thread = threading.Thread(target=self._run, daemon=True)
        self.thread.start()

    def close(self):
        self.wake.send(b".")
        self.thread.join(30)
        assert not self.thread.is_alive()

    def _run(self):
        while True:
            for key, _ in self.selector.select():
                if key.fileobj is self.woken:
                    return self._end()
                if key.fileobj in self.listeners:
                    self._accept(key.fileobj, key.data)
                elif key.fileobj in self.peers:
                    self._pass_on(key.fileobj)

    def _end(self):
        for end in list(self.peers):
            if end in self.peers:
                self._part(end)
        for one in self.listeners + [self.wake, self.woken]:
            one.close()
        self.selector.close()

    def _accept(self, listener, path):
        near, _ = listener.accept()
        far = socket.socket(socket.AF_UNIX)
        try:
            far.connect(path)
        except OSError:  # the daemon is away
            near.close()
            far.close()
            return
        left = [self.budget()]
        for end, other in ((near, far), (far, near)):
            self.peers[end] = other
            self.left[end] = left
            self.selector.register(end, selectors.EVENT_READ)
        self.ticks.put("made")
        if left[0] == 0:
            self._cut(near)

    def _pass_on(self, end):
        left = self.left[end]
        try:
            piece = end.recv(65536 if left[0] is None else min(65536, left[0]))
            if not piece:
                return self._part(end)
            self.peers[end].sendall(piece)
        except OSError:
            return self._part(end)
        self.ticks.put("passed")
        if left[0] is not None:
            left[0] -= len(piece)
            if left[0] == 0:
                self._cut(end)
        return None

    def _cut(self, end):
        self.cuts += 1
        self._part(end)
        self.ticks.put("cut")

    def _part(self, end):
        for one in (end, self.peers[end]):
            self.selector.unregister(one)
            del self.peers[one], self.left[one]
            one.close()
