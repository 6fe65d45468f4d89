"""Debian's Alertmanager on loopback, with a folder of its own, and all it notifies sent to a Receiver."""
import json
import os
import shutil
import subprocess
import tempfile
import time
import urllib.request

from daemon import LIMIT_S
from relay import Receiver, free_port

PROGRAM = shutil.which("prometheus-alertmanager")
CONFIG = """
route:
  receiver: desk
  group_by: [team]
  group_wait: %(wait)s
  group_interval: %(interval)s
  repeat_interval: 24h
  routes:
    - matchers: ['late = "true"']
      receiver: late
      group_by: [team]
receivers:
  - name: desk
    webhook_configs: [{url: "%(url)s/desk", send_resolved: true, max_alerts: 0}]
  - name: late
    webhook_configs: [{url: "%(url)s/late", send_resolved: true, max_alerts: 0}]
"""


class Alertmanager:
    """`notified` is the Receiver of its notifications."""

    def __init__(self, wait="1s", interval="1s"):
        self.folder = tempfile.mkdtemp(prefix="wl-")
        self.notified = Receiver()
        self.port = free_port()
        self.url = "http://127.0.0.1:%d" % self.port
        self.process = None
        self.config = os.path.join(self.folder, "alertmanager.yml")
        with open(self.config, "w", encoding="utf-8") as file:
            file.write(CONFIG % {"wait": wait, "interval": interval, "url": "http://127.0.0.1:%d" % self.notified.port})
        self.start()

    def start(self):
        """Ready when it says on its standard error that it listens."""
        self.process = subprocess.Popen(
            [PROGRAM, "--config.file=" + self.config, "--storage.path=" + os.path.join(self.folder, "data"), "--cluster.listen-address=",
             "--web.listen-address=127.0.0.1:%d" % self.port], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        said = []
        for line in self.process.stderr:
            said.append(line)
            if "Listening" in line or "TLS is disabled" in line:
                break
        else:
            raise AssertionError("Alertmanager ended:\n" + "".join(said))
        deadline = time.monotonic() + LIMIT_S
        while True:
            try:
                return self.get("/-/ready", is_json=False)
            except OSError:
                assert time.monotonic() < deadline

    def get(self, path, is_json=True):
        with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(self.url + path, timeout=LIMIT_S) as reply:
            body = reply.read()
            return json.loads(body) if is_json else body

    def alerts(self):
        return self.get("/api/v2/alerts")

    def notifications(self, path="/desk"):
        with self.notified.changed:
            return [json.loads(request["body"]) for request in self.notified.requests if request["path"] == path]

    def wait_notification(self, wanted, path="/desk", limit_s=None):
        """The first notification that is wanted."""
        return self.notified.wait(lambda _: [one for one in self.notifications(path) if wanted(one)], limit_s)[0]

    def stop(self):
        self.process.terminate()
        self.process.wait(LIMIT_S)
        self.process.stderr.close()
        self.process = None

    def close(self):
        if self.process is not None:
            self.stop()
        self.notified.close()
        shutil.rmtree(self.folder)
