"""An empty folder -> the configuration of an invented firm, with a secret for each account."""

from datetime import date
from pathlib import Path

from daemon.demo.records import ACCOUNTS, HOST
from daemon.errors import ConfigError

CONFIG = "backdesk.toml"
PASSWORD = "quiet-harbour-7"  # noqa: S105 - of servers on loopback that live as long as the demo
LABELS = {"complaint": "Complaints", "request": "Requests", "newsletter": "Newsletters"}

_HEAD = """\
# The house of the demo. Its servers live on loopback, and only as long as the demo runs.

[service]
data_dir = "var"
timezone = "Europe/Rome"
language = "en"
instance = "demo"

[intake]
poll_s = 2

[relays.sink]
host = "{host}"
port = {smtp_port}
security = "plain"
per_minute = 600

[digest]
at = "23:59"
to = ["team@aurora.example", "ufficio@aurora.example", "biuro@aurora.example"]
sender = "Backdesk <backdesk@aurora.example>"
languages = {{ "ufficio@aurora.example" = "it", "biuro@aurora.example" = "pl" }}

[[rules]]
name = "automatic mail stays"
when = {{ automatic = true }}
stop = true
"""

_ACCOUNT = """
[accounts.{account}]
host = "{host}"
port = {imap_port}
security = "plain"
username = "{account}"
address = "{account}@aurora.example"
password_file = "secrets/{account}"
go_live = {go_live}
"""

_QUEUE = """
[queues.{queue}]
account = "{account}"
folder = "Queues/{folder}"

[[rules]]
name = "{queue}"
when = {{ label = "{label}", account = "{account}" }}
queue = "{queue}"
"""


def furnish(directory: Path, ports: tuple[int, int], go_live: date) -> Path:
    """Write the configuration of a demo and return its path.

    Args:
        directory: empty, or not there yet.
        ports: of IMAP and of SMTP.
        go_live: mail received from this day on is moved.

    Raises:
        ConfigError: something is in the folder, or it cannot be written.
    """
    try:
        directory.mkdir(parents=True, exist_ok=True)
        if any(directory.iterdir()):
            raise ConfigError(f"{directory} is not empty; the demo wants a folder of its own")
        (directory / "secrets").mkdir(mode=0o700)
        for account in ACCOUNTS:
            secret = directory / "secrets" / account
            secret.touch(mode=0o600)
            secret.write_text(PASSWORD)
        path = directory / CONFIG
        path.write_text(configuration(ports, go_live))
    except OSError as error:
        raise ConfigError(f"cannot write the demo's folder {directory}: {error}") from error
    return path


def configuration(ports: tuple[int, int], go_live: date) -> str:
    """Return the TOML text: two accounts, and for each its queues and rules."""
    imap_port, smtp_port = ports
    parts = [_HEAD.format(host=HOST, smtp_port=smtp_port)]
    for account in ACCOUNTS:
        values = {"host": HOST, "imap_port": imap_port, "go_live": go_live.isoformat()}
        parts.append(_ACCOUNT.format(account=account, **values))
        for label, folder in {**LABELS, "unsure": "Unsure"}.items():
            queue = queue_name(account, folder)
            parts.append(_QUEUE.format(account=account, queue=queue, folder=folder, label=label))
    return "".join(parts)


def queue_name(account: str, folder: str) -> str:
    """Return `complaints` for the first account, `orders-complaints` for the other."""
    name = folder.lower()
    return name if account == ACCOUNTS[0] else f"{account}-{name}"
