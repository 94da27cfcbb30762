"""A work directory -> a private PostgreSQL cluster on loopback, and fresh databases in it."""

import os
import shutil
import subprocess
from itertools import count
from pathlib import Path

import psycopg
from psycopg import sql

from tests.servers import apt
from tests.servers.loopback import HOST, free_port

USER = "backdesk"
_SERVER_USER = "postgres"
_serial = count(1)


class Postgres:
    """One cluster with a port and files of its own below `workdir`, durable (fsync on).

    `workdir` must be traversable by everybody (`loopback.open_directory`): PostgreSQL refuses to
    run as root and is then started as user postgres.
    """

    def __init__(self, workdir: Path) -> None:
        self.workdir, self.host, self.port = workdir, HOST, free_port()
        self._cluster = workdir / "cluster"

    def start(self) -> None:
        """Start the server, making the cluster the first time; it answers when this returns.

        Raises:
            ServerUnavailable: PostgreSQL is missing or does not start.
        """
        if not self._cluster.exists():
            self._make_cluster()
        options = (
            f"-p {self.port} -c listen_addresses={self.host} "
            f"-c unix_socket_directories={self.workdir} -c shared_buffers=64MB "
            "-c max_connections=200"
        )
        log = str(self.workdir / "postgres.log")
        self._run("pg_ctl", "--wait", "--log", log, "--options", options, "start")

    def stop(self, mode: str = "fast") -> None:
        """Stop the server; mode `immediate` is a crash: the next start recovers from the WAL."""
        if (self._cluster / "postmaster.pid").exists():
            self._run("pg_ctl", "--wait", "--mode", mode, "stop")

    def restart(self, mode: str = "fast") -> None:
        """Stop in `mode` and start on the same port."""
        self.stop(mode)
        self.start()

    def url(self, database: str) -> str:
        """Return the SQLAlchemy URL of `database`."""
        return f"postgresql+psycopg://{USER}@{self.host}:{self.port}/{database}"

    def fresh_database(self) -> str:
        """Create an empty database and return its name."""
        name = f"fresh_{next(_serial)}"
        self._execute(sql.SQL("CREATE DATABASE {} TEMPLATE template0").format(sql.Identifier(name)))
        return name

    def drop_database(self, name: str) -> None:
        """Drop a database even while sessions use it."""
        drop = sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name))
        self._execute(drop)

    def _execute(self, statement: sql.Composed) -> None:
        # CREATE and DROP DATABASE refuse to run inside a transaction.
        address = f"host={self.host} port={self.port} user={USER} dbname=postgres"
        with psycopg.connect(address, autocommit=True) as connection:
            connection.execute(statement)

    def _make_cluster(self) -> None:
        self._cluster.mkdir(parents=True)
        if os.geteuid() == 0:
            for directory in (self.workdir, self._cluster):
                shutil.chown(directory, _SERVER_USER)
        # No fsync while making the cluster: a crash there only costs a new one.
        access = ("--username", USER, "--auth", "trust", "--no-sync")
        self._run("initdb", *access, "--encoding", "UTF8", "--locale", "C.UTF-8")

    def _run(self, name: str, *arguments: str) -> None:
        command = [*_as_server_user(), str(_binary(name)), "-D", str(self._cluster), *arguments]
        # A file, not a pipe: the server keeps it open and a reader of a pipe would wait for ever.
        with (self.workdir / "console").open("w+") as console:
            done = subprocess.run(
                command, stdout=console, stderr=console, cwd="/", timeout=120, check=False
            )
            console.seek(0)
            said = console.read()
        if done.returncode:
            raise apt.ServerUnavailable(f"{name}: {said.strip()[-500:]} {self.log[-500:]}")

    @property
    def log(self) -> str:
        """Everything the server has logged so far."""
        path = self.workdir / "postgres.log"
        return path.read_text(errors="replace") if path.exists() else ""


def _as_server_user() -> tuple[str, ...]:
    if os.geteuid() == 0:
        return ("runuser", "-u", _SERVER_USER, "--")
    return ()


def _binary(name: str) -> Path:
    # Debian keeps the server's programs out of PATH, one directory per major version.
    root = Path("/usr/lib/postgresql")
    found = sorted(root.glob(f"*/bin/{name}"), key=_major_version)
    if not found:
        apt.need("postgresql")
        found = sorted(root.glob(f"*/bin/{name}"), key=_major_version)
    if not found:
        raise apt.ServerUnavailable(f"package postgresql did not bring the program {name}")
    return found[-1]


def _major_version(binary: Path) -> int:
    return int(binary.parents[1].name)
