"""The servers and directories that tests ask for by name.

A server that cannot be started skips its tests on a developer's machine and fails them where
`CI` is set: a green run there has met every server.
"""

import hashlib
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NoReturn, Protocol, TypeVar

import pytest
from hypothesis import HealthCheck, settings

from tests.faults.undo import undo
from tests.servers.apt import ServerUnavailable
from tests.servers.certs import Certificates, issue
from tests.servers.chromium import Chromium
from tests.servers.dovecot import Dovecot
from tests.servers.fake_imap import FakeImap
from tests.servers.loopback import open_directory
from tests.servers.postgres import Postgres
from tests.servers.pymap_server import PymapServer
from tests.servers.smtp_sink import SmtpSink

# How long an example takes says more about what else the machine does than about the code.
settings.register_profile("house", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("house")


class _Server(Protocol):
    def start(self) -> None: ...

    def stop(self) -> None: ...


_S = TypeVar("_S", bound=_Server)


@pytest.fixture
def open_dir() -> Iterator[Path]:
    """Give a directory that servers which gave up root can also enter (unlike `tmp_path`)."""
    with open_directory("test") as directory:
        yield directory


@pytest.fixture(scope="session")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    """Give a private authority and a server certificate for localhost and 127.0.0.1."""
    return _made(lambda: issue(tmp_path_factory.mktemp("tls")))


@pytest.fixture(scope="session")
def dovecot() -> Iterator[Dovecot]:
    """Give a running Dovecot; use a user name of your own (`new_user`) to start empty."""
    with open_directory("dovecot") as directory, _running(lambda: Dovecot(directory)) as server:
        yield server


@pytest.fixture
def dovecot_hiding() -> Iterator[Callable[..., Dovecot]]:
    """Give a function that starts a Dovecot without the named capabilities, for this test."""
    with open_directory("dovecot") as directory:
        started: list[Dovecot] = []

        def start(*hide: str) -> Dovecot:
            workdir = directory / str(len(started))
            workdir.mkdir()
            server = _started(lambda: Dovecot(workdir, hide=hide))
            started.append(server)
            return server

        yield start
        for server in started:
            server.stop()


@pytest.fixture
def new_user(request: pytest.FixtureRequest) -> str:
    """Give a mail user that no other test has: its mailbox is empty."""
    digest = hashlib.sha256(request.node.nodeid.encode()).hexdigest()
    return f"u{digest[:16]}@nord.example"


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    """Give a running, durable PostgreSQL cluster."""
    with open_directory("postgres") as directory, _running(lambda: Postgres(directory)) as server:
        yield server


@pytest.fixture
def postgres_url(postgres: Postgres) -> Iterator[str]:
    """Give the SQLAlchemy URL of an empty database that lasts for this test."""
    name = postgres.fresh_database()
    yield postgres.url(name)
    postgres.drop_database(name)


@pytest.fixture
def smtp_sink() -> Iterator[SmtpSink]:
    """Give an SMTP sink without TLS and AUTH that accepts everything."""
    with _running(SmtpSink) as sink:
        yield sink


@pytest.fixture
def fake_imap() -> Iterator[FakeImap]:
    """Give a scripted IMAP server with an empty INBOX, no TLS, user `desk`."""
    with _running(FakeImap) as server:
        yield server


@pytest.fixture
def pymap_server() -> Iterator[PymapServer]:
    """Give a pymap with the user `desk` and an empty INBOX."""
    with _running(PymapServer) as server:
        yield server


@pytest.fixture(scope="session")
def chromium(tmp_path_factory: pytest.TempPathFactory) -> Chromium:
    """Give a Chromium that shows pages without a window."""
    return _made(lambda: Chromium(tmp_path_factory.mktemp("chromium")))


@pytest.fixture(scope="session")
def undo_library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give the compiled power-loss layer for LD_PRELOAD."""
    return _made(lambda: undo.build(tmp_path_factory.mktemp("undo")))


@contextmanager
def _running(make: Callable[[], _S]) -> Iterator[_S]:
    server = _started(make)
    try:
        yield server
    finally:
        server.stop()


def _started(make: Callable[[], _S]) -> _S:
    server = _made(make)
    _made(server.start)
    return server


_T = TypeVar("_T")


def _made(make: Callable[[], _T]) -> _T:
    try:
        return make()
    except ServerUnavailable as error:
        _give_up(str(error))


def _give_up(reason: str) -> NoReturn:
    if os.environ.get("CI"):
        pytest.fail(reason)
    pytest.skip(reason)
