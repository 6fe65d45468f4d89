#!/usr/bin/python3
"""The daemon and the gateway of a browser test, moved by one JSON command a line on standard input; each is answered by one line.

{"do": "send", "events": […]} and so on: the names are the methods of Stage. The answer is {"ok": true, "value": …} or
{"ok": false, "error": …}. The end of the input ends both programs, whatever became of the test.
"""
import json
import os
import subprocess
import sys
import time
import traceback

sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "integration"))

import daemon  # noqa: E402
import gateway  # noqa: E402
import signing  # noqa: E402


class Stage:
    """What a test may do to the two programs."""

    def __init__(self):
        self.daemon = self.gateway = None

    def begin(self, clock, config="", pathways=daemon.PATHWAYS, signing_in=False):
        """Starts both; gives the address of the pages, at which people sign in if that is wanted."""
        self.daemon = daemon.Daemon(clock=clock, config=config, pathways=pathways)
        kind = signing.SigningGateway if signing_in else gateway.Gateway
        self.gateway = kind(self.daemon, site=os.environ["WAITLIST_WEB_SITE"])
        return "http://127.0.0.1:%d" % self.gateway.port

    def send(self, events):
        """Events that must all be accepted."""
        return self.daemon.take(*events)["seq"]

    def offer(self, events):
        """Events of which some may be quarantined."""
        return self.daemon.send(*events)

    def send_and_tell_when(self, events):
        """As send; gives the moment of the acknowledgement on this machine's clock, in milliseconds."""
        self.daemon.take(*events)
        return time.time() * 1000

    def ask(self, op, members=None):
        return self.daemon.ask(op, **(members or {}))

    def run_ctl(self, words):
        """waitlistctl on the daemon; CONFIG among the words stands for its configuration."""
        words = [self.daemon.config_path if word == "CONFIG" else word for word in words]
        return subprocess.run([daemon.WAITLISTCTL, "-c", self.daemon.config_path, *words], stdout=subprocess.PIPE, check=True).stdout.decode()

    def clock(self, now):
        return self.daemon.set_clock(now)["today"]

    def token(self, user, roles, teams=()):
        """A new token, which the gateway has read."""
        before = self.gateway.reads()
        text = signing.add_token(self.daemon, user, *roles, teams=teams)
        self.gateway.wait_read(before)
        return text

    def remove_token(self, user):
        signing.remove_token(self.daemon, user)

    def kill_daemon(self):
        self.daemon.kill()

    def start_daemon(self):
        self.daemon.start()

    def kill_gateway(self):
        self.gateway.kill()

    def start_gateway(self):
        """On the port that it had."""
        self.gateway.start()

    def close(self):
        if self.gateway is not None:
            self.gateway.close()
        if self.daemon is not None:
            self.daemon.close()


def main():
    stage = Stage()
    try:
        for line in sys.stdin:
            command = json.loads(line)
            try:
                answer = {"ok": True, "value": getattr(stage, command.pop("do"))(**command)}
            except Exception:  # whatever went wrong belongs to the test that asked for it
                answer = {"ok": False, "error": traceback.format_exc()}
            print(json.dumps(answer), flush=True)
    finally:
        stage.close()


if __name__ == "__main__":
    main()
