"""Arguments -> the command's module, loaded only now -> exit code.

Exit codes: 0 done, 1 something needs a person, 2 wrong usage or configuration, 3 an outside
server refused or is away, 4 internal.
"""

import importlib
import logging
import os
import sys
import traceback
from collections.abc import Sequence
from typing import Annotated, Any

import typer
from typer.core import TyperCommand, TyperGroup

from daemon.cli.commands import COMMANDS
from daemon.cli.exits import INTERNAL, code_of, complain, lines_of
from daemon.errors import BackdeskError


class LateGroup(TyperGroup):
    """A group that knows its commands by the table and loads the one that runs."""

    def list_commands(self, ctx: Any) -> list[str]:  # noqa: ANN401, ARG002 - the base class's signature
        """Return the names in the order of the table."""
        return list(COMMANDS)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:  # noqa: ANN401, ARG002 - the base class's signature
        """Return a command good enough for `--help`, None for an unknown name."""
        listed = COMMANDS.get(cmd_name)
        return listed and TyperCommand(cmd_name, help=listed.summary)

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:  # noqa: ANN401 - the base class's signature
        """Load the command that is about to run."""
        name, _, rest = super().resolve_command(ctx, args)
        if name is None:
            return name, None, rest
        return name, _loaded(name), rest


def _loaded(name: str) -> Any:  # noqa: ANN401 - a command of whichever click typer carries
    module = importlib.import_module(COMMANDS[name].module)
    return typer.main.get_group(module.app).commands[name]


app = typer.Typer(
    cls=LateGroup,
    name="backdesk",
    help="The back office that reads its own mail: polls, sorts, files and reports.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)


def _version(is_asked: bool) -> None:
    if is_asked:
        from importlib.metadata import version  # noqa: PLC0415 - only for `--version`

        print(version("backdesk"))
        raise typer.Exit


@app.callback()
def _root(
    _version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """Take the options that stand before the command."""


def run(arguments: Sequence[str]) -> int:
    """Run one command line and return its exit code; nothing is raised."""
    logging.basicConfig(
        level=logging.DEBUG if _is_debugging() else logging.ERROR,
        format="%(levelname)s %(message)s",
    )
    command = typer.main.get_command(app)
    try:
        command.main(args=list(arguments), prog_name="backdesk", standalone_mode=True)
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else 0
    except BackdeskError as error:
        complain(*lines_of(error))
        return _code(error)
    except Exception as error:  # noqa: BLE001 - the outermost rim: one line, not a traceback
        return _internal(error)
    return 0


def _code(error: BackdeskError) -> int:
    code = code_of(error)
    if code == INTERNAL:
        _hint()
    return code


def _internal(error: Exception) -> int:
    complain(f"internal error: {type(error).__name__}: {error}".splitlines()[0])
    _hint()
    return INTERNAL


def _hint() -> None:
    if _is_debugging():
        traceback.print_exc(file=sys.stderr)
    else:
        complain("set BACKDESK_DEBUG=1 to see where; `backdesk doctor` examines the environment")


def _is_debugging() -> bool:
    return os.environ.get("BACKDESK_DEBUG") == "1"
