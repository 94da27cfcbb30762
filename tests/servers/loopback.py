"""The machine's own network and disk -> free ports and directories that server users may enter."""

import secrets
import shutil
import socket
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

HOST = "127.0.0.1"


_PORTS = range(10_000, 32_000)  # below those that the kernel gives to outgoing connections


def free_port() -> int:
    """Return a TCP port on 127.0.0.1 that nobody listens on just now.

    By lot, so that tests side by side do not choose the same before they listen on it.
    """
    while True:
        port = secrets.choice(_PORTS)
        with suppress(OSError), socket.create_server((HOST, port)):
            return port


@contextmanager
def open_directory(prefix: str) -> Iterator[Path]:
    """Yield a new directory that any user may traverse; it is gone afterwards.

    Servers that give up root (Dovecot, PostgreSQL) cannot work below pytest's own `tmp_path`,
    whose parents are closed to other users. The path is short: it also holds Unix sockets,
    whose names end at 107 characters.
    """
    directory = Path(tempfile.mkdtemp(prefix=f"backdesk-{prefix}-"))
    directory.chmod(0o755)
    try:
        yield directory
    finally:
        shutil.rmtree(directory, ignore_errors=True)
