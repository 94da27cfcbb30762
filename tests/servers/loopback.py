"""The machine's own network and disk -> free ports and directories that server users may enter."""

import shutil
import socket
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

HOST = "127.0.0.1"


def free_port() -> int:
    """Return a TCP port on 127.0.0.1 that nobody listens on just now."""
    with socket.create_server((HOST, 0)) as listener:
        port: int = listener.getsockname()[1]
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
