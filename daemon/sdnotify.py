"""Tells systemd how the service is (sd_notify(3)): one datagram to the socket it named."""

import os
import socket
import time


class Notifier:
    """Sends states to `$NOTIFY_SOCKET`; does nothing where systemd is not listening."""

    def __init__(self, environ: dict[str, str] | None = None) -> None:
        values = dict(os.environ) if environ is None else environ
        self._address = values.get("NOTIFY_SOCKET", "")
        pid, usec = values.get("WATCHDOG_PID", ""), values.get("WATCHDOG_USEC", "")
        is_ours = not pid or pid == str(os.getpid())
        self.watchdog_s = int(usec) / 1e6 if usec.isdigit() and is_ours else 0.0

    def ready(self, status: str) -> None:
        """The service is up (also at the end of a reload)."""
        self._send(f"READY=1\nSTATUS={status}")

    def reloading(self) -> None:
        """A reload has begun; `ready` ends it."""
        self._send(f"RELOADING=1\nMONOTONIC_USEC={time.monotonic_ns() // 1000}")

    def stopping(self) -> None:
        """The service finishes what is in hand."""
        self._send("STOPPING=1\nSTATUS=finishing what is in hand")

    def alive(self, status: str) -> None:
        """Feed the watchdog and say what is going on."""
        self._send(f"WATCHDOG=1\nSTATUS={status}")

    def _send(self, state: str) -> None:
        if not self._address:
            return
        # "@" stands for the null byte of an abstract socket (unix(7)).
        address = "\0" + self._address[1:] if self._address.startswith("@") else self._address
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as sock:
            try:
                sock.connect(address)
                sock.sendall(state.encode())
            except OSError:
                return  # systemd's absence must not stop the service
