"""Host names -> a private certificate authority and server certificates, by the openssl program."""

import ssl
import subprocess
from dataclasses import dataclass
from pathlib import Path

from tests.servers import apt

LOOPBACK = ("DNS:localhost", "IP:127.0.0.1")
_CURVE = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes")
# Python 3.13 verifies strictly (RFC 5280 4.2.1): these extensions must be present.
_CA_EXTENSIONS = ("basicConstraints=critical,CA:TRUE", "keyUsage=critical,keyCertSign,cRLSign")
_LEAF_EXTENSIONS = (
    "basicConstraints=critical,CA:FALSE",
    "keyUsage=critical,digitalSignature",
    "extendedKeyUsage=serverAuth",
    "authorityKeyIdentifier=keyid",
    "subjectKeyIdentifier=hash",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Certificates:
    """A server's certificate, its key, and the authority a client must trust (all PEM files)."""

    ca: Path
    cert: Path
    key: Path

    def server_context(self) -> ssl.SSLContext:
        """Return a TLS context that serves this certificate."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.cert, self.key)
        return context

    def client_context(self) -> ssl.SSLContext:
        """Return a verifying TLS context that trusts only this authority."""
        return ssl.create_default_context(cafile=str(self.ca))


def issue(directory: Path, names: tuple[str, ...] = LOOPBACK, *, days: int = 30) -> Certificates:
    """Return a new authority and a server certificate signed by it, written below `directory`.

    Args:
        directory: is created; old certificates in it are replaced.
        names: subjectAltName entries, `DNS:` or `IP:`; a stranger's name makes a certificate
            that clients of 127.0.0.1 must refuse.
        days: validity from now.

    Raises:
        ServerUnavailable: openssl is missing or failed.
    """
    directory.mkdir(parents=True, exist_ok=True)
    made = Certificates(
        ca=directory / "ca.pem", cert=directory / "cert.pem", key=directory / "key.pem"
    )
    _make_authority(made, days)
    _sign_leaf(made, names, days)
    return made


def _make_authority(made: Certificates, days: int) -> None:
    key = made.ca.with_name("ca-key.pem")
    arguments = ["req", "-x509", *_CURVE, "-days", str(days), "-subj", "/CN=Backdesk test CA"]
    for extension in _CA_EXTENSIONS:
        arguments += ["-addext", extension]
    _openssl(*arguments, "-keyout", str(key), "-out", str(made.ca))


def _sign_leaf(made: Certificates, names: tuple[str, ...], days: int) -> None:
    request, extensions = made.cert.with_suffix(".csr"), made.cert.with_suffix(".ext")
    extensions.write_text("\n".join((*_LEAF_EXTENSIONS, f"subjectAltName={','.join(names)}")))
    _openssl(
        "req", *_CURVE, "-subj", "/CN=localhost", "-keyout", str(made.key), "-out", str(request)
    )
    _openssl(
        *("x509", "-req", "-in", str(request), "-extfile", str(extensions), "-days", str(days)),
        *("-CA", str(made.ca), "-CAkey", str(made.ca.with_name("ca-key.pem")), "-CAcreateserial"),
        *("-out", str(made.cert)),
    )


def _openssl(*arguments: str) -> None:
    binary = apt.program("openssl", "openssl")
    done = subprocess.run([binary, *arguments], capture_output=True, text=True, check=False)
    if done.returncode:
        raise apt.ServerUnavailable(f"openssl {arguments[0]} failed: {done.stderr.strip()}")
