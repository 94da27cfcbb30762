"""Counts that grow -> a bar on a terminal, a line now and then elsewhere; always on stderr."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Event, Thread

from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

BAR_EVERY_S = 0.2
LINE_EVERY_S = 10.0

Words = Callable[[], str]
"""Says how far things are, in one line."""


@contextmanager
def shown_progress(
    title: str, words: Words, share: Callable[[], float | None] = lambda: None
) -> Iterator[None]:
    """Show progress while the block runs.

    Args:
        title: what is being done.
        words: asked on a thread of its own, now and then.
        share: how much is done, from 0 to 1; None when the whole is not known.
    """
    show = _bar if sys.stderr.isatty() else _lines
    ended = Event()
    thread = Thread(target=show, args=(title, words, share, ended), name="progress", daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()


def _bar(title: str, words: Words, share: Callable[[], float | None], ended: Event) -> None:
    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        TextColumn("{task.fields[words]}", markup=False),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task(title, total=None, words="")
        while not ended.wait(BAR_EVERY_S):
            done = share()
            total = None if done is None else 1.0
            progress.update(task, words=words(), completed=done or 0.0, total=total)


def _lines(title: str, words: Words, _share: Callable[[], float | None], ended: Event) -> None:
    while not ended.wait(LINE_EVERY_S):
        print(f"{title}: {words()}", file=sys.stderr, flush=True)
