"""The servers that nodes stand on, each a process in a folder of its own on a loopback port."""

import os
import pathlib
import re
import shutil
import signal
import subprocess
import threading

from processes import Child, Trouble, as_servant, program, read_line, wait_until

PROJECT = pathlib.Path(__file__).resolve().parents[2]
TOPIC = "sluice.orders"
PARTITIONS_OF_A_SHARD = 4
DATABASE = "sluice"


def write_private(path, text, user=None):
    """A file that nobody else can read, not even for a moment."""
    path.unlink(missing_ok=True)
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "w") as file:
        file.write(text)
    if user:
        os.chown(path, user.pw_uid, user.pw_gid)


class Redis(Child):
    ending = signal.SIGTERM

    def __init__(self, folder, guardian, user, port, password):
        super().__init__("redis", folder, guardian, user)
        self.port, self.password = port, password
        self.append_only = True

    @property
    def url(self):
        return f"redis://:{self.password}@127.0.0.1:{self.port}"

    def command(self):
        settings = {
            "port": self.port, "bind": "127.0.0.1", "dir": self.folder, "requirepass": self.password, "save": '""',
            "appendonly": "yes" if self.append_only else "no", "appendfsync": "everysec",
            "maxmemory-policy": "noeviction", "daemonize": "no",
        }
        path = self.folder / "redis.conf"
        write_private(path, "".join(f"{name} {value}\n" for name, value in settings.items()), self.user)
        return [program("redis-server"), str(path)]

    def is_ready(self):
        return self.ask_it("PING").strip() == "PONG"

    def ask_it(self, *words):
        """One command, and what Redis says to it."""
        return subprocess.run(
            [program("redis-cli"), "-p", str(self.port), "--no-auth-warning", *words], capture_output=True, text=True,
            env=dict(os.environ, REDISCLI_AUTH=self.password)).stdout

    # Faults.

    def forget(self):
        """Removes what it would read at its next start."""
        for path in self.folder.glob("dump*.rdb"):
            path.unlink()
        shutil.rmtree(self.folder / "appendonlydir", ignore_errors=True)


class Postgres(Child):
    """One shard. Ends by SIGINT, which is its fast shutdown."""

    ending = signal.SIGINT
    readiness = 120

    def __init__(self, folder, guardian, user, port, number, password):
        super().__init__(f"postgres-{number}", folder, guardian, user)
        self.port, self.password = port, password
        binaries = sorted(
            pathlib.Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: float(path.parent.name), reverse=True)
        self.binaries = [str(path) for path in binaries]
        self.data = folder / "data"

    @property
    def url(self):
        return f"postgres://{DATABASE}:{self.password}@127.0.0.1:{self.port}/{DATABASE}?sslmode=disable"

    def command(self):
        settings = {
            "listen_addresses": "127.0.0.1", "port": self.port, "unix_socket_directories": self.folder,
            "max_connections": 200, "fsync": "on", "full_page_writes": "on", "synchronous_commit": "on",
        }
        options = [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]
        return [program("postgres", *self.binaries), "-D", str(self.data), *options]

    def prepare(self):
        """Makes an empty server, once."""
        if (self.data / "PG_VERSION").exists():
            return
        shutil.rmtree(self.data, ignore_errors=True)
        secret = self.folder / "password"
        write_private(secret, self.password + "\n", self.user)
        done = subprocess.run(
            as_servant([
                program("initdb", *self.binaries), f"--pgdata={self.data}", "--username=postgres",
                f"--pwfile={secret}", "--auth=scram-sha-256", "--encoding=UTF8", "--locale=C"], self.user),
            cwd="/", capture_output=True, text=True)
        secret.unlink()
        if done.returncode:
            raise Trouble(
                f"{self.name}: {done.stderr.strip()}\nUser {self.user.pw_name if self.user else 'you'} must be able to "
                f"reach {self.folder}; choose another one with --folder")

    def start(self):
        self.prepare()
        super().start()
        if self.run("SELECT 1 FROM pg_roles WHERE rolname = 'sluice'", database="postgres", user="postgres") != "1":
            self.run(f"CREATE ROLE {DATABASE} LOGIN PASSWORD '{self.password}'", database="postgres", user="postgres")
        if self.run("SELECT 1 FROM pg_database WHERE datname = 'sluice'", database="postgres", user="postgres") != "1":
            self.run(
                f"CREATE DATABASE {DATABASE} OWNER {DATABASE} TEMPLATE template0", database="postgres",
                user="postgres")

    def is_ready(self):
        # The port is open before the log has been read.
        return subprocess.run(
            [program("pg_isready", *self.binaries), "--quiet", "--host=127.0.0.1", f"--port={self.port}"]
        ).returncode == 0

    def run(self, statement, database=DATABASE, user=DATABASE):
        """Runs a statement; returns its rows as text, columns separated by `|`."""
        done = subprocess.run(
            [program("psql", *self.binaries), "--no-psqlrc", "--quiet", "--tuples-only", "--no-align",
             "--set=ON_ERROR_STOP=1", "--host=127.0.0.1", f"--port={self.port}", f"--username={user}",
             f"--dbname={database}", "--command", statement],
            capture_output=True, text=True, env=dict(os.environ, PGPASSWORD=self.password, PGCONNECT_TIMEOUT="10"))
        if done.returncode:
            raise Trouble(f"{self.name}: {done.stderr.strip()}")
        return done.stdout.strip()

    # Faults.

    def cut(self):
        """Ends it as a power cut does: its log is read at the next start."""
        return self.end(signal.SIGQUIT)


class Broker(Child):
    """librdkafka's mock of a Kafka cluster. It ends with its standard input, too."""

    BROKERS = 3

    def __init__(self, folder, guardian, binary, shards):
        super().__init__("broker", folder, guardian)
        self.binary, self.shards, self.brokers = binary, shards, ""
        self.lock = threading.Lock()

    def command(self):
        return [str(self.binary), "--brokers", str(self.BROKERS), "--until-stdin-ends"]

    def start(self):
        if not pathlib.Path(self.binary).exists():
            raise Trouble(f"there is no {self.binary}: swift build -c release --product development-broker")
        self.launch(stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        line = read_line(self.process.stdout, 30)
        if not line.startswith("ready "):
            raise Trouble(f"the development broker said: {line or self.last_words()}")
        self.brokers = line.removeprefix("ready ")
        self.port = int(re.search(r":(\d+)", self.brokers)[1])
        self.tell(f"topic {TOPIC} {self.shards * PARTITIONS_OF_A_SHARD}")

    def tell(self, line):
        """Sends a command: `down 1`, `up 1`, `rtt 2000`, `leader TOPIC PARTITION BROKER`, `topic NAME PARTITIONS`."""
        with self.lock:
            self.process.stdin.write(line.encode() + b"\n")
            self.process.stdin.flush()
            answer = read_line(self.process.stdout, 10)
        if answer != "ok":
            raise Trouble(f"the development broker said to {line}: {answer}")


class Nginx(Child):
    """The gateway, by the rules of deploy/nginx. Only the files in values/ are other than those that are delivered."""

    role = "gateway"

    def __init__(self, folder, guardian, user, port, callbacks_port, admin_port):
        super().__init__("nginx", folder, guardian, user)
        self.port, self.callbacks_port, self.admin_port = port, callbacks_port, admin_port

    def command(self):
        return self.program() + ["-g", "daemon off;"]

    def program(self):
        return [program("nginx"), "-e", str(self.folder / "error.log"), "-p", str(self.folder),
                "-c", str(self.folder / "nginx.conf")]

    def configure(self, web, callbacks, admin):
        """Writes the values for these ports of nodes."""
        for part in ("sluice", "values"):
            shutil.rmtree(self.folder / part, ignore_errors=True)
        shutil.copy(PROJECT / "deploy/nginx/nginx.conf", self.folder / "nginx.conf")
        shutil.copytree(PROJECT / "deploy/nginx/sluice", self.folder / "sluice")
        for part in ("values", "temp", "static", "cache"):
            (self.folder / part).mkdir(exist_ok=True)
        for name, text in self.values(web, callbacks, admin).items():
            (self.folder / f"values/{name}.conf").write_text(text)
        for path in [*self.folder.rglob("*")] if self.user else []:
            os.chown(path, self.user.pw_uid, self.user.pw_gid)
        done = subprocess.run(as_servant(self.program() + ["-t"], self.user), capture_output=True, text=True)
        if done.returncode:
            raise Trouble(f"nginx: {done.stderr.strip()}")

    def values(self, web, callbacks, admin):
        folder = self.folder
        temporary = "".join(
            f"{kind}_temp_path {folder}/temp/{kind};\n" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
        return {
            "main": f"pid {folder}/nginx.pid;\nerror_log {folder}/error.log warn;\nworker_processes auto;\n"
                    "worker_rlimit_nofile 20000;\n",
            "quiet-log": f"error_log {folder}/error.log crit;\n",
            "paths": f"access_log {folder}/access.log json buffer=64k flush=1s;\n"
                     f"proxy_cache_path {folder}/cache levels=1:2 keys_zone=catalog:10m max_size=256m inactive=60s "
                     f"use_temp_path=off;\n{temporary}",
            # So that a load generator on this machine can stand for many buyers.
            "trusted": "set_real_ip_from 127.0.0.1;\nreal_ip_header X-Forwarded-For;\nreal_ip_recursive on;\n",
            "static": f"alias {folder}/static/;\n",
            "nodes-web": nodes(web, 2), "nodes-callbacks": nodes(callbacks, 1), "nodes-admin": nodes(admin, 1),
            "public": listener(self.port, "public"),
            "callbacks": listener(self.callbacks_port, "callback-server"),
            "admin": listener(self.admin_port, "admin"),
        }


def nodes(ports, failures):
    return "".join(f"server 127.0.0.1:{port} max_fails={failures} fail_timeout=5s;\n" for port in ports)


def listener(port, rules):
    return (f"server {{\n    listen 127.0.0.1:{port} backlog=4096;\n    server_name _;\n"
            f"    include sluice/{rules}.conf;\n}}\n")
