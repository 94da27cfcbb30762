"""`doctor`: the environment, examined: versions, store, permissions, clock, space, units."""

import typer

from daemon.cli.examination import Finding, examine
from daemon.cli.exits import DONE, NEEDS_PERSON, leave
from daemon.cli.house import AsJson, ConfigFile, config_if_any
from daemon.cli.output import print_json, print_table
from daemon.config.loading import load
from daemon.config.problems import ConfigProblems

app = typer.Typer()


@app.callback()
def _group() -> None:
    """Keep `doctor` a command of a group."""


@app.command()
def doctor(config: ConfigFile = None, as_json: AsJson = False) -> None:
    """Examine the environment; works without a configuration too, and then says so."""
    findings = _findings(config)
    problems = [one for one in findings if not one.is_well]
    if as_json:
        document = {
            "healthy": not problems,
            "checks": [
                {"name": one.name, "ok": one.is_well, "value": one.value, "hint": one.hint}
                for one in findings
            ],
        }
        print_json(document)
    else:
        rows = [
            ["ok" if one.is_well else "PROBLEM", one.name, one.value, one.hint] for one in findings
        ]
        print_table(["", "check", "found", "hint"], rows)
    leave(NEEDS_PERSON if problems else DONE)


def _findings(config: ConfigFile) -> list[Finding]:
    path = config_if_any(config)
    if path is None:
        missing = Finding(
            name="configuration", is_well=False, value="none", hint="`backdesk init DIR` writes one"
        )
        return [*examine(None), missing]
    try:
        settings = load(path)
    except ConfigProblems as error:
        broken = Finding(
            name="configuration",
            is_well=False,
            value=f"{path}: {len(error.problems)} problems",
            hint="`backdesk check` lists them",
        )
        return [*examine(None), broken]
    return examine(settings)
