"""`init` and `check`: a configuration is written, and every problem in it named."""

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from daemon.cli.exits import DONE, OUTSIDE, WRONG_USE, complain, leave, refuse
from daemon.cli.house import AsJson, ConfigFile, find_config
from daemon.cli.output import print_json, print_lines
from daemon.config import lines
from daemon.config.loading import load, secret_problems
from daemon.config.problems import ConfigProblems, Problem
from daemon.config.settings import Settings
from daemon.config.shipped import shipped
from daemon.config.wording import key_of
from daemon.outbox.acknowledgements import letter_problems
from daemon.outbox.drafts import reply_problems
from daemon.outbox.forwards import forward_problems

app = typer.Typer()

CONFIG_NAME = "backdesk.toml"
FOLDERS = {".": 0o755, "var": 0o750, "secrets": 0o700}


@app.command()
def init(
    directory: Annotated[Path, typer.Argument(metavar="DIR", help="Made where it is missing.")],
) -> None:
    """Write a commented configuration and the folders that it names."""
    path = directory / CONFIG_NAME
    if path.exists():
        refuse(f"{path} is there already, and is left as it is")
    try:
        for folder, mode in FOLDERS.items():
            (directory / folder).mkdir(mode=mode, parents=True, exist_ok=True)
        path.write_bytes(shipped(CONFIG_NAME).read_bytes())
    except OSError as error:
        refuse(f"{error.filename or directory}: {error.strerror}")
    print_lines([f"{path} is written; edit it, then run: backdesk check --config {path}"])


@app.command()
def check(
    connect: Annotated[bool, typer.Option("--connect", help="Also log in to each server.")] = False,
    config: ConfigFile = None,
    as_json: AsJson = False,
) -> None:
    """Check the whole configuration and say every problem as `file:line: key: message`."""
    path = find_config(config)
    settings, problems = _checked(path)
    if settings is not None:
        problems += _letter_problems(settings)
        where = ("replies", "templates")
        wrong = reply_problems(settings.replies.templates)
        problems += [_placed(settings, where, message) for message in wrong]
    code = WRONG_USE if problems else DONE
    if settings is not None and connect:
        from daemon.cli.connecting import login_problems  # noqa: PLC0415 - only when asked to

        refusals = [_placed(settings, *found) for found in login_problems(settings)]
        problems, code = [*problems, *refusals], code or (OUTSIDE if refusals else DONE)
    if as_json:
        print_json({"problems": [asdict(problem) for problem in problems]})
    else:
        complain(*map(str, problems))
        print_lines([] if problems else [f"{path}: no problems"])
        complain(*_advice(settings) if settings is not None else ())
    leave(code)


def _advice(settings: Settings) -> list[str]:
    """Return what works as it stands, and may not be what is wanted."""
    matters = settings.matters
    if not settings.queues or not matters.whistleblowing or matters.whistleblowing_queue:
        return []
    told = "note: reports of wrongdoing go where the rules say, and digests name them;"
    means = "matters.whistleblowing_queue gives them a folder of their own"
    return [f"{told} {means} (Directive (EU) 2019/1937)"]


def _checked(path: Path) -> tuple[Settings | None, list[Problem]]:
    try:
        settings = load(path)
    except ConfigProblems as error:
        return None, list(error.problems)
    return settings, list(secret_problems(settings))


def _letter_problems(settings: Settings) -> list[Problem]:
    """Return what is wrong with the letters of the house, and with those that rules name."""
    own, where = settings.acknowledgements.templates, ("acknowledgements", "templates")
    zone = settings.service.zone
    wrong = [*letter_problems(own, zone), *forward_problems(own)]
    problems = [_placed(settings, where, message) for message in wrong]
    for index, rule in enumerate(settings.rules):
        if rule.acknowledgement:
            key = ("rules", index, "acknowledgement")
            named = letter_problems(own, zone, rule.acknowledgement)
            problems += [_placed(settings, key, message) for message in named]
    return problems


def _placed(settings: Settings, key: lines.Path, message: str) -> Problem:
    places = lines.line_map(settings.path.read_text("utf-8-sig"))
    line = lines.nearest_line(places, key)
    return Problem(file=str(settings.path), line=line, key=key_of(key), message=message)
