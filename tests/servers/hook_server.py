"""A loopback port -> an HTTP server that keeps what it is told and misbehaves as scripted.

The signature is checked here by code of its own, from the text of Standard Webhooks.
"""

import base64
import hashlib
import hmac
import json
import ssl
import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from tests.servers.certs import Certificates
from tests.servers.loopback import HOST

SECRET = "whsec_" + base64.b64encode(b"a secret of the tests, 32 bytes!").decode()


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """One request."""

    path: str
    headers: dict[str, str]  # by lower-cased name
    body: bytes

    @property
    def id(self) -> str:
        """Its webhook-id."""
        return self.headers["webhook-id"]

    @property
    def document(self) -> dict[str, Any]:
        """Its JSON."""
        return json.loads(self.body)

    @property
    def kind(self) -> str:
        """The type of its event."""
        return self.document["type"]

    def is_signed_with(self, secret: str) -> bool:
        """Tell whether one of its signatures is made with a secret."""
        key = base64.b64decode(secret[len("whsec_") :])
        block = key.ljust(64, b"\0")  # RFC 2104 by hand
        inner, outer = (bytes(b ^ pad for b in block) for pad in (0x36, 0x5C))
        stamp = self.headers["webhook-timestamp"]
        content = f"{self.id}.{stamp}.".encode() + self.body
        mac = hashlib.sha256(outer + hashlib.sha256(inner + content).digest()).digest()
        wanted = "v1," + base64.b64encode(mac).decode()
        found = self.headers["webhook-signature"].split(" ")
        return any(hmac.compare_digest(one, wanted) for one in found)


Step = int | tuple[int, dict[str, str]] | Callable[[BaseHTTPRequestHandler], None]
"""A status, a status with headers, or what is done with the connection."""


class HookServer:
    """Takes everything with 204 until told otherwise.

    Args:
        certificates: speaks TLS when given.
    """

    def __init__(self, certificates: Certificates | None = None) -> None:
        self._told: list[Told] = []
        self._script: deque[Step] = deque()
        self._always: Step | None = None
        self._changed = threading.Condition()
        self.release = threading.Event()  # ends what hangs
        self._server = ThreadingHTTPServer((HOST, 0), self._handler())
        self._server.daemon_threads = True
        self.port = self._server.server_port
        self.url = f"http://{HOST}:{self.port}/hook"
        if certificates is not None:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(certificates.cert, certificates.key)
            self._server.socket = context.wrap_socket(self._server.socket, server_side=True)
            self.url = f"https://localhost:{self.port}/hook"
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self._thread.start()

    @property
    def told(self) -> list[Told]:
        """What it was told so far."""
        with self._changed:
            return list(self._told)

    def script(self, *steps: Step) -> None:
        """Answer the next requests so, one each."""
        self._script.extend(steps)

    def always(self, step: Step | None) -> None:
        """Answer every request so."""
        self._always = step

    def stop(self) -> None:
        """End it."""
        self.release.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                headers = {name.lower(): value for name, value in self.headers.items()}
                with outer._changed:
                    outer._told.append(Told(path=self.path, headers=headers, body=body))
                step = outer._script.popleft() if outer._script else outer._always
                if callable(step):
                    step(self)
                    return
                status, more = step if isinstance(step, tuple) else (step or 204, {})
                self.send_response(status)
                for name, value in more.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", "0")
                self.end_headers()

            do_GET = do_POST  # noqa: N815 - the base class's name

            def log_message(self, *_arguments: object) -> None:
                """Say nothing."""

        return Handler


def drop(handler: BaseHTTPRequestHandler) -> None:
    """Break the connection off without an answer."""
    handler.connection.close()


def babble(handler: BaseHTTPRequestHandler) -> None:
    """Answer what is not HTTP."""
    handler.wfile.write(b"220 mail.example ESMTP\r\n")


def flood(handler: BaseHTTPRequestHandler) -> None:
    """Answer with headers that do not end."""
    handler.wfile.write(b"HTTP/1.1 500 no\r\n")
    for number in range(3_000):
        handler.wfile.write(b"X-%d: %s\r\n" % (number, b"x" * 50))
