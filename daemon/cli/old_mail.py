"""`import`: old mail from files into the house, observed only."""

import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Annotated

import typer

from daemon import clock
from daemon.cli.exits import DONE, NEEDS_PERSON, complain, leave, refuse
from daemon.cli.house import AsJson, ConfigFile, chosen_accounts, open_house, read_unread
from daemon.cli.output import print_json, print_table, safe
from daemon.cli.progress import shown_progress
from daemon.intake.importing import ACCOUNT, Importer
from daemon.intake.receive import Received
from daemon.intake.sources import walk
from daemon.intake.streams import SourceLimits
from daemon.jobs import House
from daemon.pipeline import Batch
from daemon.store.leases import Lease, account_lease

app = typer.Typer()

ENDS = ("stored", "duplicate", "quarantined")
WAIT = timedelta(seconds=2)  # for a holder that is about to let go


@app.callback()
def _group() -> None:
    """Keep `import` a command of a group."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Imported:
    """What became of the mails that were found."""

    read: int
    stored: int
    duplicate: int
    quarantined: int
    failed: int
    seconds: float


@app.command("import")
def import_(
    paths: Annotated[list[Path], typer.Argument(metavar="PATH...", help="Files and folders.")],
    account: Annotated[
        str, typer.Option("--account", metavar="A", help="The account it is filed under.")
    ] = ACCOUNT,
    labels: Annotated[
        str, typer.Option("--labels", metavar="FIELD", help="A header that holds a label.")
    ] = "",
    config: ConfigFile = None,
    as_json: AsJson = False,
) -> None:
    """Take in mbox files, Maildirs, mails, folders and archives of them; sends nothing."""
    if labels:
        refuse("--labels: labels given by people cannot be kept yet; import without it")
    refuse_absent(paths)
    with open_house(config) as house:
        if account != ACCOUNT:
            chosen_accounts(house.settings, account)
        lease = house.leases.take(account_lease(account), WAIT)
        imported = _take_in(house, lease, account, paths)
    if as_json:
        print_json({name: getattr(imported, name) for name in Imported.__dataclass_fields__})
    else:
        counts = [imported.read, imported.stored, imported.duplicate, imported.quarantined]
        print_table(["read", *ENDS, "failed"], [[*counts, imported.failed]])
        print(f"{imported.seconds:.1f} s")
    leave(_code(imported))


def refuse_absent(paths: Sequence[Path]) -> None:
    """End with wrong usage where a path is not there."""
    if absent := [str(path) for path in paths if not path.exists()]:
        refuse(f"no such file or folder: {', '.join(absent)}")


def _take_in(house: House, lease: Lease, account: str, paths: Sequence[Path]) -> Imported:
    read_unread(house, lease, account)  # left by an import that was broken off
    before = {what: house.tally.total(what) for what in ENDS}
    begun = clock.monotonic()
    importer = Importer(house.ledger, house.receiver, lease, lambda *pair: _submit(house, *pair))
    spool = house.settings.service.data_dir / f"import-{account}"  # ours alone, by the lease
    shutil.rmtree(spool, ignore_errors=True)
    spool.mkdir(mode=0o700)
    try:
        with shown_progress("Importing", lambda: _words(house, importer)):
            found = walk(paths, _limits(house, spool))
            for failure in importer.take_in(account, found, clock.now()):
                complain(f"{safe(failure.id)}: {safe(failure.failure or '')}")
            house.pipeline.wait()  # here for the progress
    finally:
        house.pipeline.wait()  # a child may still be reading a file there
        shutil.rmtree(spool, ignore_errors=True)
    ends = {what: house.tally.total(what) - before[what] for what in ENDS}
    return Imported(
        read=importer.count.read,
        failed=importer.count.read - sum(ends.values()),
        seconds=round(clock.monotonic() - begun, 3),
        **ends,
    )


def _submit(house: House, lease: Lease, received: Received) -> None:
    house.pipeline.submit(Batch(lease=lease, mails=received.mails, done=received.release))


def _limits(house: House, spool: Path) -> SourceLimits:
    limits = house.settings.limits
    return SourceLimits(
        spool=spool,
        slice_bytes=limits.slice_bytes,
        mail_bytes=limits.mail_bytes,
        archive_bytes=limits.archive_bytes,
        archive_members=limits.archive_members,
        archive_ratio=limits.archive_ratio,
    )


def _words(house: House, importer: Importer) -> str:
    ends = ", ".join(f"{house.tally.total(what)} {what}" for what in ENDS)
    megabytes = importer.count.bytes / 1_000_000
    return (
        f"{importer.count.read} read ({megabytes:.0f} MB), {ends}, {importer.count.failed} failed"
    )


def _code(imported: Imported) -> int:
    if imported.quarantined:
        complain(f"{imported.quarantined} could not be read: `backdesk quarantine list`")
    if imported.failed:
        complain(f"{imported.failed} could not be taken in")
    return NEEDS_PERSON if imported.quarantined or imported.failed else DONE
