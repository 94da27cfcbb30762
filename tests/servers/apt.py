"""Debian package names -> installed packages, or a clear word about what is missing."""

import os
import shutil
import subprocess
from functools import cache
from pathlib import Path

INSTALL_LIMIT_S = 600.0


class ServerUnavailable(RuntimeError):
    """A server that the tests need cannot be started on this machine."""


def need(*packages: str) -> None:
    """Install those of `packages` that are missing.

    Raises:
        ServerUnavailable: a package is missing and we are not root, or apt-get failed.
    """
    missing = tuple(package for package in packages if not _is_installed(package))
    if missing and os.geteuid() != 0:
        wish = " ".join(missing)
        raise ServerUnavailable(f"missing Debian packages, run: sudo apt-get install {wish}")
    if missing:
        _update()
        _apt_get("install", "--yes", "--no-install-recommends", *missing)


def program(name: str, package: str) -> Path:
    """Return the path of the program `name`, installing `package` when it is not there.

    Raises:
        ServerUnavailable: it is not there and cannot be installed.
    """
    path = _which(name)
    if path is None:
        need(package)
        path = _which(name)
    if path is None:
        raise ServerUnavailable(f"package {package} did not bring the program {name}")
    return Path(path)


def _which(name: str) -> str | None:
    # Debian keeps daemons in sbin, which an ordinary user's PATH lacks.
    return shutil.which(name, path=os.environ.get("PATH", "") + ":/usr/sbin:/sbin")


def _is_installed(package: str) -> bool:
    query = ["dpkg-query", "--show", "--showformat=${db:Status-Status}", package]
    if shutil.which(query[0]) is None:
        return False
    answer = subprocess.run(query, capture_output=True, text=True, check=False)
    return answer.stdout.strip() == "installed"


@cache
def _update() -> None:
    _apt_get("update")


def _apt_get(*arguments: str) -> None:
    if shutil.which("apt-get") is None:
        raise ServerUnavailable("no apt-get here: install the servers of tests/servers by hand")
    environment = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
    command = ["apt-get", "--quiet", "--quiet", *arguments]
    done = subprocess.run(
        command,
        capture_output=True,
        text=True,
        env=environment,
        timeout=INSTALL_LIMIT_S,
        check=False,
    )
    if done.returncode:
        raise ServerUnavailable(f"{' '.join(command)} failed: {done.stderr.strip()[-500:]}")
