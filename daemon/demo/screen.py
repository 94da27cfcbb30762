"""How far a demo is -> a table that fills on a terminal, a line now and then elsewhere."""

import email
import email.policy
from types import TracebackType
from typing import Self

from rich.console import Console
from rich.live import Live
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from daemon.demo.records import Progress

INBOX_WORDS = "(stay in the inbox)"


class Screen:
    """Shows one demo.

    Args:
        console: where to; None shows nothing.
        mails: how many are delivered in all.
    """

    def __init__(self, console: Console | None, mails: int) -> None:
        self._console = console
        self.mails = mails
        self._last = ""
        has_table = console is not None and console.is_terminal
        self._live = Live(console=console, auto_refresh=False) if has_table else None

    def __enter__(self) -> Self:
        """Begin."""
        if self._live:
            self._live.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Leave the table as it is."""
        if self._live:
            self._live.stop()

    def show(self, now: Progress, delivered: int) -> None:
        """Show how far things are."""
        words = (
            f"{delivered} of {self.mails} delivered, {now.received} received, "
            f"{sum(row.number for row in now.rows)} decided, {now.moving} being moved, "
            f"{now.quarantined} set aside"
        )
        if self._live:
            self._live.update(_table(now, words), refresh=True)
        elif self._console and words != self._last:
            self._console.print(words, highlight=False)
        self._last = words

    def say(self, *lines: str) -> None:
        """Say something of ours."""
        if self._console:
            for line in lines:
                self._console.print(line, highlight=False, markup=False, soft_wrap=True)

    def end(self, now: Progress) -> None:
        """Show the table once more where it could not fill."""
        if self._console and not self._live:
            for row in now.rows:
                queue = row.queue or INBOX_WORDS
                self.say(f"  {queue:20}  {row.label:11}  {row.number:4}")

    def mail(self, raw: bytes) -> None:
        """Show the text of a mail of ours."""
        if self._console is None:
            return
        subject, text = text_of(raw)
        if self._live:
            self._console.print(Panel(Text(text), title=Text(subject), title_align="left"))
        else:
            self.say("", f"Subject: {subject}", "", text)


def text_of(raw: bytes) -> tuple[str, str]:
    """Return subject and plain text of a mail that we composed."""
    mail = email.message_from_bytes(raw, policy=email.policy.default)
    body = mail.get_body(("plain",))
    return str(mail["Subject"]), body.get_content() if body is not None else ""


def _table(now: Progress, words: str) -> Table:
    table = Table(title=Text("Backdesk at work"), caption=Text(words), caption_justify="left")
    table.add_column("queue")
    table.add_column("label")
    table.add_column("mails", justify="right")
    for row in now.rows:
        table.add_row(Text(row.queue or INBOX_WORDS), Text(row.label), str(row.number))
    return table
