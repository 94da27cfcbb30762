"""The long-running service: signals in, a running house, systemd kept informed."""

import logging
import os
import select
import signal
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, nullcontext
from pathlib import Path
from types import FrameType

from daemon import bootstrap, config
from daemon.config.problems import ConfigProblems
from daemon.config.settings import Settings
from daemon.engine.local import LocalEngine
from daemon.errors import BackdeskError
from daemon.log import set_up
from daemon.metrics import serve
from daemon.sdnotify import Notifier

_log = logging.getLogger(__name__)

ROLES = frozenset({"intake", "send", "web"})
BEAT_S = 1.0


class Service:
    """Runs until SIGTERM or SIGINT; SIGHUP loads the configuration anew, all or nothing."""

    def __init__(self, path: Path, roles: frozenset[str] = ROLES) -> None:
        self._path = path
        self._roles = roles
        self._notifier = Notifier()
        self._stop = self._reload = False
        self._proven: Settings | None = None  # with which the service has run
        # A pipe that the interpreter writes to at a signal. An Event would not do: its lock may be
        # held by the main thread at the moment in which the handler wants it.
        self._asked, self._asking = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)

    def run(self) -> None:
        """Run the service.

        Raises:
            ConfigError: the configuration cannot be used at the start.
        """
        settings = config.load(self._path)
        set_up(settings.service.log, settings.service.log_level)
        self._listen()
        while not self._stop:
            try:
                settings = self._run_with(settings)
            except (BackdeskError, OSError) as error:
                if self._proven is None or self._proven is settings:
                    raise
                settings = self._back_to(self._proven, error)
        _log.info("Service stopped", extra={"action": "stopped"})

    def _run_with(self, settings: Settings) -> Settings:
        """Run one house until a stop or a good reload; return the settings to go on with."""
        with running(settings, self._roles) as engine:
            _log.info(
                "Service started", extra={"action": "started", "accounts": len(engine.workers)}
            )
            self._proven = settings
            self._notifier.ready(engine.status())
            while not self._stop:
                self._wait(self._beat_s())
                if self._reload and (new := self._loaded(settings)):
                    self._notifier.reloading()
                    return new
                self._feed(engine, settings)
            self._notifier.stopping()
        return settings

    def _loaded(self, old: Settings) -> Settings | None:
        """Load the configuration; on any problem say what it is and keep the old one."""
        self._reload = False
        try:
            new = config.load(self._path)
        except ConfigProblems as problems:
            for problem in problems.problems:
                _log.error(
                    "Configuration refused, the old one stays",
                    extra={"action": "reload_refused", "problem": str(problem)},
                )
            return None
        changed = config.changes(old, new)
        _log.info("Configuration loaded", extra={"action": "reloaded", "changed": list(changed)})
        return new

    def _back_to(self, proven: Settings, error: Exception) -> Settings:
        """Return the settings that worked, where new ones cannot be put to work."""
        _log.error(
            "Configuration cannot be put to work, the old one returns",
            extra={"action": "reload_undone", "reason": str(error)},
        )
        return proven

    def _feed(self, engine: LocalEngine, settings: Settings) -> None:
        """Feed the watchdog, but only while work moves."""
        stalled_s = engine.stalled_s()
        if stalled_s > settings.service.stall_s:
            _log.critical(
                "A worker hangs, the watchdog is not fed",
                extra={"action": "stalled", "stalled_s": round(stalled_s)},
            )
            return
        self._notifier.alive(engine.status())

    def _beat_s(self) -> float:
        return min(self._notifier.watchdog_s / 3 or BEAT_S * 10, BEAT_S * 10)

    def _wait(self, timeout_s: float) -> None:
        """Wait for a signal, or until the time is up."""
        if select.select([self._asked], [], [], timeout_s)[0]:
            os.read(self._asked, 4096)

    def _listen(self) -> None:
        signal.set_wakeup_fd(self._asking, warn_on_full_buffer=False)
        signal.signal(signal.SIGTERM, self._on_signal)
        signal.signal(signal.SIGINT, self._on_signal)
        signal.signal(signal.SIGHUP, self._on_signal)

    def _on_signal(self, number: int, _frame: FrameType | None) -> None:
        if number == signal.SIGHUP:
            self._reload = True
        else:
            self._stop = True


@contextmanager
def running(settings: Settings, roles: frozenset[str] = ROLES) -> Iterator[LocalEngine]:
    """Run a house with its engine; both have ended after the block."""
    with ExitStack() as stack:
        house = stack.enter_context(bootstrap.build(settings))
        if settings.metrics.listen:
            stack.callback(serve(house, settings.metrics.listen))
        house.pool.warm()
        engine = LocalEngine(house, roles)
        try:
            engine.start()
            with bootstrap.public_pages(house) if "web" in roles else nullcontext():
                yield engine
        finally:
            engine.stop()


def run(path: Path, roles: frozenset[str] = ROLES) -> None:
    """Run the service with the configuration at `path`; returns after SIGTERM or SIGINT.

    Raises:
        BackdeskError: it cannot start.
    """
    unknown = roles - ROLES
    if unknown:
        raise BackdeskError(f"unknown roles {sorted(unknown)}; there are {sorted(ROLES)}")
    Service(path, roles).run()
