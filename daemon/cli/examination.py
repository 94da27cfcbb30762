"""The machine and the settings -> findings, each good or with a hint what to do."""

import os
import platform
import resource
import shutil
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from http import HTTPStatus
from http.client import HTTPConnection, HTTPException
from importlib.metadata import PackageNotFoundError, packages_distributions, version
from pathlib import Path

from daemon import clock
from daemon.bootstrap import store_url
from daemon.cli.model import model_state
from daemon.cli.ownership import foreign_owners
from daemon.config.secrets import missing_secrets
from daemon.config.settings import Settings
from daemon.store.engine import choose_sqlite

PACKAGES = (
    "backdesk", "imapclient", "mail-parser", "scikit-learn", "numpy", "sqlalchemy", "alembic",
    "apscheduler", "selectolax", "google-re2", "pydantic", "typer", "starlette", "uvicorn",
)  # fmt: skip
FEWEST_FILES = 1_024  # descriptors: connections, children's pipes, packs, database
PER_ACCOUNT = 8  # descriptors
FIRST_YEAR = 2026  # of this program; an earlier clock is wrong
OPEN_TO_OTHERS = 0o007
UNIT = "backdesk.service"
_PAGES_S = 3.0
_PAGES_HINT = "another program may have the port: choose another in web.listen"
UNIT_FOLDERS = ("/etc/systemd/system", "/run/systemd/system", "/usr/lib/systemd/system")
NETWORK_FILE_SYSTEMS = ("nfs", "cifs", "smb", "fuse.sshfs", "9p", "ceph", "glusterfs")


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing that was looked at."""

    name: str
    is_well: bool
    value: str
    hint: str = ""  # what to do, where it is not well


def examine(settings: Settings | None) -> list[Finding]:
    """Return all findings; without settings those that need none."""
    findings = [_python(), *_packages(), _owner(), _sqlite(settings), _clock()]
    if settings is not None:
        findings += [*_data_dir(settings), _files(settings), _model(settings)]
        findings += [_secrets(settings), _pages(settings), _unit()]
    return findings


def _found(name: str, value: str, hint: str = "", *, well: bool = True) -> Finding:
    return Finding(name=name, is_well=well, value=value, hint="" if well else hint)


def _python() -> Finding:
    well = sys.version_info >= (3, 11)
    return _found("python", platform.python_version(), "3.11 or newer is needed", well=well)


def _packages() -> Iterator[Finding]:
    for name in PACKAGES:
        try:
            yield _found(name, version(name))
        except PackageNotFoundError:
            yield _found(name, "not installed", "install backdesk again", well=False)


def _owner() -> Finding:
    others = foreign_owners(packages_distributions())
    return _found(
        "import package daemon",
        ", ".join(others) or "ours",
        "give Backdesk a virtual environment of its own",
        well=not others,
    )


def _sqlite(settings: Settings | None) -> Finding:
    if settings is not None and settings.store.url:
        return _found("store", store_url(settings).render_as_string(hide_password=True))
    choice = choose_sqlite()
    is_wal = choice.journal == "WAL"
    value = f"SQLite {choice.version} of {choice.module.__name__}, journal {choice.journal}"
    return _found("store", value if is_wal else f"{value}: safe, but slower (install sqlcipher3)")


def _clock() -> Finding:
    now = clock.now()
    return _found("clock", now.isoformat(timespec="seconds"), "set it", well=now.year >= FIRST_YEAR)


def _data_dir(settings: Settings) -> Iterator[Finding]:
    path = settings.service.data_dir
    if not path.is_dir():
        yield _found("data folder", f"{path}: not there yet, made at the first start")
        return
    is_open = bool(path.stat().st_mode & OPEN_TO_OTHERS)
    may_write = os.access(path, os.R_OK | os.W_OK | os.X_OK)
    hint = f"chmod o-rwx {path}" if may_write else "this user must be able to write there"
    yield _found("data folder", str(path), hint, well=may_write and not is_open)
    kind = file_system(path, Path("/proc/self/mounts").read_text("utf-8", "replace"))
    well = not kind.startswith(NETWORK_FILE_SYSTEMS)
    yield _found("file system", kind, "the store must lie on a local disk", well=well)
    free, least = shutil.disk_usage(path).free, settings.intake.free_disk_bytes
    hint = f"intake stops below {least / 1e9:.1f} GB (intake.free_disk_bytes)"
    yield _found("disk", f"{free / 1e9:.1f} GB free", hint, well=free >= least)


def file_system(path: Path, mounts: str) -> str:
    """Return the type of the file system that `path` lies on.

    Args:
        path: an absolute path.
        mounts: the text of `/proc/self/mounts`.
    """
    best, kind = "", "unknown"
    for line in mounts.splitlines():
        words = line.split(" ")
        point = words[1].replace(r"\040", " ")
        if path.is_relative_to(point) and len(point) >= len(best):
            best, kind = point, words[2]
    return kind


def _files(settings: Settings) -> Finding:
    limit, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    least = max(FEWEST_FILES, PER_ACCOUNT * len(settings.accounts))
    hint = f"raise it to {least} or more (LimitNOFILE= in the unit)"
    return _found("open files", f"{limit} (at most {most})", hint, well=limit >= least)


def _model(settings: Settings) -> Finding:
    model, error = model_state(settings)
    return _found(
        "model", model or error or "", "mail goes to people unsorted", well=model is not None
    )


def _secrets(settings: Settings) -> Finding:
    missing = missing_secrets(settings)
    names = ", ".join(key for key, _ in missing)
    hint = "`backdesk check` says where they are looked for"
    return _found(
        "secrets", f"missing for {names}" if names else "all found", hint, well=not missing
    )


def _pages(settings: Settings) -> Finding:
    web = settings.web
    if not web.listen:
        return _found("public pages", "none (web.listen is empty)")
    host, _, port = web.listen.rpartition(":")
    link = HTTPConnection(_reached(host.strip("[]")), int(port), timeout=_PAGES_S)
    try:
        link.request("GET", "/health")
        status = link.getresponse().status
    except ConnectionRefusedError:
        return _found("public pages", f"{web.listen}: the service does not run")
    except (OSError, HTTPException) as error:
        return _found("public pages", f"{web.listen}: {error}", _PAGES_HINT, well=False)
    finally:
        link.close()
    value = f"{web.listen}, links to {web.public_url or 'nowhere: web.public_url is empty'}"
    is_ours = status == HTTPStatus.OK
    return _found(
        "public pages", value if is_ours else f"{value}: status {status}", _PAGES_HINT, well=is_ours
    )


def _reached(host: str) -> str:
    """Return where a server that listens on all addresses is found on this machine."""
    return {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104 - not listened on


def _unit() -> Finding:
    found = [folder for folder in UNIT_FOLDERS if (Path(folder) / UNIT).is_file()]
    return _found("systemd unit", found[0] if found else "not installed (see systemd/README.md)")
