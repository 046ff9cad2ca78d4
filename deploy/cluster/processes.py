"""Processes of a cluster on one machine: started with a log, looked at through /proc, never left behind."""

import os
import pathlib
import pwd
import select
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time

TICKS = os.sysconf("SC_CLK_TCK")
PAGE = os.sysconf("SC_PAGE_SIZE")
# Below the ports that the system gives to whoever connects, or one of these could be taken before a server has it.
PORTS = range(15_000, 32_000)


# Set by whoever was asked to end while something is still awaited.
stopping = threading.Event()


class Trouble(Exception):
    """Why the cluster is not there, in one sentence for whoever started it."""


class Stopped(Trouble):
    """It was asked to end before it was there."""


class Ports:
    """Hands out each free loopback port once."""

    def __init__(self):
        self.next = PORTS.start + os.getpid() * 67 % len(PORTS)

    def free(self):
        for _ in PORTS:
            self.next = PORTS.start if self.next + 1 >= PORTS.stop else self.next + 1
            if not is_open(self.next) and can_bind(self.next):
                return self.next
        raise Trouble("there is no free port")


def can_bind(port):
    with socket.socket() as probe:
        # As servers do it: connections of an earlier run that still linger are no hindrance.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
            return True
        except OSError:
            return False


def is_open(port):
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
        return True
    except OSError:
        return False


def wait_until(holds, what, seconds=30, pause=0.05):
    """Returns when `holds` does, with what it returned."""
    end = time.monotonic() + seconds
    while True:
        found = holds()
        if found:
            return found
        if stopping.is_set():
            raise Stopped(f"stopped, before {what}")
        if time.monotonic() > end:
            raise Trouble(f"{what}: not within {seconds:.0f} s")
        time.sleep(pause)


def servant():
    """Whom the engines run as when everything is started by root, which PostgreSQL refuses to be; else nobody else."""
    if os.getuid() != 0:
        return None
    for name in ("postgres", "nobody"):
        try:
            return pwd.getpwnam(name)
        except KeyError:
            pass
    raise Trouble("there is neither a user postgres nor nobody to run PostgreSQL as")


def as_servant(command, user):
    """`setpriv` becomes the server itself, so that signals reach it."""
    if user is None:
        return command
    rights = ["setpriv", f"--reuid={user.pw_uid}", f"--regid={user.pw_gid}", "--clear-groups", "--"]
    return rights + command


def program(name, *folders):
    """The full path of a program, also of one that is not in the path of everybody."""
    path = os.pathsep.join([*folders, os.environ.get("PATH", ""), "/usr/sbin", "/usr/local/sbin"])
    found = shutil.which(name, path=path)
    if not found:
        raise Trouble(f"there is no program {name}: make setup-test installs what is needed")
    return found


def stat(pid):
    """State, seconds of processor time, MiB, parent and moment of the start of a process; None if it is gone."""
    try:
        text = pathlib.Path(f"/proc/{pid}/stat").read_text()
        _, resident, shared, *_ = map(int, pathlib.Path(f"/proc/{pid}/statm").read_text().split())
    except (FileNotFoundError, ProcessLookupError):
        return None
    # The name, in brackets, may hold anything.
    fields = text.rsplit(")", 1)[1].split()
    return {
        "state": fields[0], "parent": int(fields[1]),
        # With its children that have ended: connections of PostgreSQL come and go.
        "cpu": sum(int(field) for field in fields[11:15]) / TICKS,
        "own": (resident - shared) * PAGE / 2**20, "shared": shared * PAGE / 2**20, "start": fields[19],
    }


def family(pid):
    """A process and all that descend from it, without those that are dead already."""
    kinds = {}
    for entry in os.listdir("/proc"):
        if entry.isdigit() and (found := stat(int(entry))):
            kinds[int(entry)] = found
    members, grown = {pid} & set(kinds), True
    while grown:
        more = {child for child, found in kinds.items() if found["parent"] in members} - members
        members |= more
        grown = bool(more)
    return {member: kinds[member] for member in members if kinds[member]["state"] != "Z"}


class Guardian:
    """A process that ends all others when the starter is gone, however that came.

    It lives in a session of its own and reads names of processes from a pipe whose other end only the starter holds.
    """

    def __init__(self):
        self.process = subprocess.Popen(
            [sys.executable, os.path.abspath(__file__)], stdin=subprocess.PIPE, text=True, start_new_session=True)

    def watch(self, pid, ending):
        self.say(f"+ {pid} {int(ending)}")

    def forget(self, pid):
        self.say(f"- {pid}")

    def say(self, line):
        try:
            self.process.stdin.write(line + "\n")
            self.process.stdin.flush()
        except (BrokenPipeError, ValueError):
            pass  # it was killed or dismissed

    def dismiss(self):
        self.say("bye")
        self.process.stdin.close()
        self.process.wait()


def guard():
    """What the guardian does. It knows processes by number and moment of start: a number may come again."""
    for kind in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(kind, signal.SIG_IGN)
    wards = {}
    for line in sys.stdin:
        words = line.split()
        if words[0] == "bye":
            return
        if words[0] == "+" and (found := stat(int(words[1]))):
            wards[int(words[1])] = (found["start"], int(words[2]))
        if words[0] == "-":
            wards.pop(int(words[1]), None)

    def left():
        return [pid for pid, (start, _) in wards.items() if (now := stat(pid)) and now["start"] == start]

    # All processes of each, because those that belong to a killed one would be nobody's.
    everyone = {member: found["start"] for pid in left() for member, found in family(pid).items()}
    for member in everyone:
        send(member, signal.SIGCONT)
    for pid in left():
        send(pid, wards[pid][1])
    end = time.monotonic() + 15
    while left() and time.monotonic() < end:
        time.sleep(0.1)
    for member, start in everyone.items():
        if (now := stat(member)) and now["start"] == start:
            send(member, signal.SIGKILL)


def send(pid, kind):
    try:
        os.kill(pid, kind)
    except ProcessLookupError:
        pass


class Child:
    """One server: how it is started, and what may happen to it."""

    role = "engine"
    ending = signal.SIGTERM
    patience = 30
    # When a server that says nothing by itself is ready.
    readiness = 30

    def __init__(self, name, folder, guardian, user=None):
        self.name, self.folder, self.guardian, self.user = name, folder, guardian, user
        self.process, self.port, self.log = None, 0, folder / f"{name}.log"
        self.is_wanted = False
        folder.mkdir(parents=True, exist_ok=True)
        if user:
            os.chown(folder, user.pw_uid, user.pw_gid)

    def command(self):
        raise NotImplementedError

    def environment(self):
        return None

    def launch(self, **pipes):
        with open(self.log, "ab") as log:
            pipes = {"stdin": subprocess.DEVNULL, "stdout": log, "stderr": log, **pipes}
            self.process = subprocess.Popen(
                as_servant(self.command(), self.user), cwd=self.folder, env=self.environment(), start_new_session=True,
                **pipes)
        self.guardian.watch(self.process.pid, self.ending)
        self.is_wanted = True

    def start(self):
        self.launch()
        self.wait_ready()

    def is_ready(self):
        return is_open(self.port)

    def wait_ready(self):
        def ready():
            if not self.is_running():
                raise Trouble(f"{self.name} ended with {self.process.returncode}: {self.last_words()}")
            return self.is_ready()
        wait_until(ready, f"{self.name} takes connections", self.readiness)

    @property
    def pid(self):
        return self.process.pid if self.process else 0

    def is_running(self):
        return self.process is not None and self.process.poll() is None

    def last_words(self):
        try:
            return "\n".join(self.log.read_text(errors="replace").splitlines()[-5:])
        except FileNotFoundError:
            return ""

    def state(self):
        if not self.process:
            return "not started"
        if not self.is_running():
            return f"ended {self.process.returncode}"
        found = stat(self.pid)
        return "paused" if found and found["state"] == "T" else "running"

    # What may happen to it.

    def signal_all(self, kind):
        for member in family(self.pid):
            send(member, kind)

    def pause(self):
        """Stops every process of it where it stands, as a machine that hangs does."""
        self.signal_all(signal.SIGSTOP)

    def resume(self):
        self.signal_all(signal.SIGCONT)

    def kill(self):
        """Ends it as a power cut does."""
        self.end(signal.SIGKILL)

    def crash(self):
        """Ends it as a power cut does, and leaves it to others to notice."""
        self.signal_all(signal.SIGKILL)

    def ask(self, kind=None):
        """Asks it to end, without waiting."""
        self.is_wanted = False
        if self.is_running():
            self.signal_all(signal.SIGCONT)
            send(self.pid, kind or self.ending)

    def end(self, kind=None, patience=None):
        """Ends it; returns its exit status. What does not end in time is killed with all of its processes."""
        if not self.process:
            return None
        self.ask(kind)
        return self.wait_end(self.patience if patience is None else patience)

    def wait_end(self, patience):
        """Waits for one that was asked to end; it is asked once, for some servers hurry when they are asked again."""
        try:
            self.process.wait(max(0, patience))
        except subprocess.TimeoutExpired:
            self.signal_all(signal.SIGKILL)
            self.process.wait()
        self.guardian.forget(self.pid)
        return self.process.returncode


def read_line(stream, seconds):
    """A line of what a process says, or as much of it as came in time."""
    line, end = b"", time.monotonic() + seconds
    while not line.endswith(b"\n"):
        left = end - time.monotonic()
        if left <= 0 or not select.select([stream], [], [], left)[0]:
            break
        byte = os.read(stream.fileno(), 1)
        if not byte:
            break
        line += byte
    return line.decode(errors="replace").strip()


if __name__ == "__main__":
    guard()
