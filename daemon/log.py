"""Turns log records into one line each: JSON, journald's priority prefix, or text for a terminal.

An event is a fixed sentence plus keys (`extra=`), among them `action`. Bodies, subjects, addresses
and secrets are never handed to a log.
"""

import json
import logging
import os
import sys
from datetime import UTC, datetime

_STANDARD = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}
_PRIORITY = {"DEBUG": 7, "INFO": 6, "WARNING": 4, "ERROR": 3, "CRITICAL": 2}  # syslog(3)


def set_up(style: str = "auto", level: str = "info") -> None:
    """Send every log record to standard error in one style.

    Args:
        style: `json`, `journald`, `text`, or `auto`: journald under systemd, else text on a
            terminal, else JSON.
        level: `debug`, `info`, `warning` or `error`.
    """
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_Lines(_chosen(style)))
    logging.basicConfig(handlers=[handler], level=level.upper(), force=True)
    for noisy in ("alembic", "apscheduler", "imapclient"):
        logging.getLogger(noisy).setLevel(logging.WARNING)
    logging.getLogger("uvicorn").setLevel(logging.ERROR)  # strangers' broken requests are no news
    logging.getLogger("mailparser").setLevel(logging.CRITICAL)  # its errors quote the mail


def _chosen(style: str) -> str:
    if style != "auto":
        return style
    if os.environ.get("JOURNAL_STREAM"):
        return "journald"
    return "text" if sys.stderr.isatty() else "json"


class _Lines(logging.Formatter):
    def __init__(self, style: str) -> None:
        super().__init__()
        self._kind = style

    def format(self, record: logging.LogRecord) -> str:
        """Write one record as one line."""
        keys = {key: value for key, value in vars(record).items() if key not in _STANDARD}
        if record.exc_info:
            keys["traceback"] = self.formatException(record.exc_info)
        if self._kind == "json":
            return _json(record, keys)
        pairs = " ".join(f"{key}={_folded(value)}" for key, value in keys.items())
        line = f"{record.getMessage()} {pairs}".rstrip()
        if self._kind == "journald":
            return f"<{_PRIORITY.get(record.levelname, 6)}>{line}"
        moment = datetime.fromtimestamp(record.created, tz=UTC).astimezone()
        return f"{moment:%H:%M:%S} {record.levelname.lower():7} {line}"


def _json(record: logging.LogRecord, keys: dict[str, object]) -> str:
    moment = datetime.fromtimestamp(record.created, tz=UTC)
    line = {
        "time": moment.isoformat(timespec="milliseconds"),
        "level": record.levelname.lower(),
        "event": record.getMessage(),
        **keys,
    }
    return json.dumps(line, default=str, ensure_ascii=False)


def _folded(value: object) -> str:
    text = " ".join(str(value).split())
    return f'"{text}"' if " " in text else text
