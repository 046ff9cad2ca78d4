"""A node of the shop: `sluice serve` with some roles, and the numbers that it tells."""

import os
import re
import subprocess
import threading
import time
import urllib.error
import urllib.request

from processes import Child, Trouble

SAMPLE = re.compile(r"^([a-zA-Z_:][\w:]*)(?:\{(.*)\})? (\S+)$")
LABEL = re.compile(r'(\w+)="((?:[^"\\]|\\.)*)"')


class Node(Child):
    patience = 30

    def __init__(self, name, role, folder, guardian, cluster):
        super().__init__(name, folder / name, guardian)
        self.role, self.cluster = role, cluster
        self.port, self.callbacks_port, self.admin_port = (cluster.ports.free() for _ in range(3))
        self.said_ready = threading.Event()
        # When it is started again after a death, and after how long the next time.
        self.due, self.wait, self.deaths, self.started = None, 0.5, 0, 0.0

    def command(self):
        command = [str(self.cluster.binary), "serve", "--data", str(self.folder / "data"),
                   "--listen", f"127.0.0.1:{self.port}"]
        # Money and the owner have listeners of their own, so that a crowd of buyers cannot take their connections.
        if self.role in ("web", "all"):
            command += ["--listen-admin", f"127.0.0.1:{self.admin_port}"]
        if self.role in ("payments", "all"):
            command += ["--listen-callbacks", f"127.0.0.1:{self.callbacks_port}"]
        return command if self.role == "all" else command + ["--roles", self.role]

    def environment(self):
        own = {name: value for name, value in os.environ.items() if not name.startswith("SLUICE_")}
        return {**own, **self.cluster.variables(self)}

    def launch(self):
        self.said_ready, self.started = threading.Event(), time.monotonic()
        super().launch(stdout=subprocess.PIPE)
        threading.Thread(target=self.listen, args=(self.process.stdout, self.said_ready), daemon=True).start()

    def listen(self, stream, said_ready):
        with open(self.log, "ab") as log, stream:
            for line in stream:
                log.write(line)
                log.flush()
                if line.startswith(b"ready "):
                    said_ready.set()

    def is_ready(self):
        return self.said_ready.is_set()

    def state(self):
        if self.due is not None:
            return f"{super().state()}, again in {max(0, self.due - time.monotonic()):.0f} s"
        state = super().state()
        return "starting" if state == "running" and not self.is_ready() else state

    def metrics(self):
        """Its numbers as (name, labels, value); none when it does not answer."""
        try:
            text = get(f"http://127.0.0.1:{self.port}/metrics", 2)[1]
        except OSError:
            return []
        found = []
        for line in text.splitlines():
            if match := SAMPLE.match(line):
                found.append((match[1], dict(LABEL.findall(match[2] or "")), float(match[3])))
        return found


def get(url, seconds, headers=None):
    """Status and text of an answer."""
    try:
        with urllib.request.urlopen(urllib.request.Request(url, headers=headers or {}), timeout=seconds) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read().decode(errors="replace")


def total(metrics, name, **labels):
    """The sum of a number over the labels that are not named; None when nobody tells it."""
    values = [value for kind, having, value in metrics
              if kind == name and all(having.get(key) == wanted for key, wanted in labels.items())]
    return sum(values) if values else None


class Supervisor(threading.Thread):
    """Starts nodes again that died by themselves, sooner at first and later if they go on dying."""

    LONGEST = 15
    STEADY = 60

    def __init__(self, nodes, say):
        super().__init__(daemon=True)
        self.nodes, self.say, self.done = nodes, say, threading.Event()
        self.lock = threading.RLock()

    def run(self):
        while not self.done.wait(0.1):
            with self.lock:
                for node in self.nodes:
                    self.look(node)

    def look(self, node):
        now = time.monotonic()
        if node.due is not None:
            if now >= node.due:
                node.due = None
                node.launch()
        elif node.is_wanted and not node.is_running():
            if now - node.started > self.STEADY:
                node.wait = 0.5
            self.say(f"{node.name} ended with {node.process.returncode}; starting it again in {node.wait} s")
            node.deaths += 1
            node.guardian.forget(node.pid)
            node.due, node.wait = now + node.wait, min(self.LONGEST, 2 * node.wait)

    def end(self):
        self.done.set()
        self.join()


def end_all(children, say):
    """Ends servers together, and waits for all of them as long as for one."""
    children = [child for child in children if child.process]
    for child in children:
        if hasattr(child, "due"):
            child.due = None
        child.ask()
    start = time.monotonic()
    for child in children:
        code = child.wait_end(child.patience - (time.monotonic() - start))
        if code != 0 and child.role != "engine":
            say(f"{child.name} ended with {code}")


def need(condition, sentence):
    if not condition:
        raise Trouble(sentence)
