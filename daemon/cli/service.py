"""`run` and `demo`: the service itself."""

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from daemon.cli.exits import refuse
from daemon.cli.house import AsJson, ConfigFile, find_config
from daemon.cli.output import print_json

app = typer.Typer()


@app.command()
def run(
    roles: Annotated[
        str, typer.Option("--roles", metavar="R,..", help="What it does: intake, send, web; all.")
    ] = "",
    config: ConfigFile = None,
) -> None:
    """Run the service until SIGTERM; SIGHUP reads the configuration anew."""
    # Here, not above: `demo` needs no service of this process's own.
    from daemon import service  # noqa: PLC0415

    chosen = frozenset(part.strip() for part in roles.split(",") if part.strip())
    if unknown := chosen - service.ROLES:
        refuse(f"no role {', '.join(sorted(unknown))}; there: {', '.join(sorted(service.ROLES))}")
    service.run(find_config(config), chosen or service.ROLES)


@app.command()
def demo(
    once: Annotated[bool, typer.Option("--once", help="End when all is settled.")] = False,
    directory: Annotated[
        Path | None, typer.Option("--dir", metavar="D", help="A new folder, kept afterwards.")
    ] = None,
    mails: Annotated[int, typer.Option("--mails", metavar="N", min=1, help="How many.")] = 60,
    as_json: AsJson = False,
) -> None:
    """Show the real service at work on sample mail, with servers of its own."""
    # Here, not above: the demo's servers are an extra.
    from daemon.demo.run import run as run_demo  # noqa: PLC0415

    count = run_demo(directory, mails, once=once, json=as_json)
    if as_json:
        print_json(asdict(count))
