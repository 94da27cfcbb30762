"""Rules of the house that no linter knows."""

import ast
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.shape.sources import CODE, ROOT, modules, named, texts, tree

# Counts down to the death of its process, for the fault tests; one comparison otherwise.
COUNTS_DOWN = "daemon/failpoint.py"
PRODUCT = [path for path in modules(*CODE) if named(path) != COUNTS_DOWN]
EVERYTHING = [*modules(*CODE, "tests")]
CHANGING = frozenset(
    {"append", "extend", "insert", "add", "update", "setdefault", "pop", "popitem", "remove"}
    | {"discard", "clear", "sort", "reverse", "set", "acquire", "put"}
)
VAGUE = frozenset({"manager", "helper", "helpers", "utils", "util", "data", "info", "misc"})
# A folder of the machine somebody happens to work on, not one of the system.
MACHINE = re.compile(r"(?<![\w.])/(?:home|root|work|mnt|Users)/[a-z]")
LATER = re.compile(r"\b(?:TO" + r"DO|FIX" + r"ME|XX" + r"X|HA" + r"CK)\b")


def names_of(module: ast.Module) -> Iterator[str]:
    """Yield the names that a module assigns at its top."""
    for node in module.body:
        targets = node.targets if isinstance(node, ast.Assign) else []
        if isinstance(node, ast.AnnAssign):
            targets = [node.target]
        yield from (target.id for target in targets if isinstance(target, ast.Name))


def changes_of(module: ast.Module) -> Iterator[str]:
    """Yield the names that functions of a module change in place, or declare global."""
    for function in ast.walk(module):
        if not isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef):
            continue
        own = {node.arg for node in ast.walk(function) if isinstance(node, ast.arg)}
        own |= {
            node.id
            for node in ast.walk(function)
            if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)
        }
        for node in ast.walk(function):
            if isinstance(node, ast.Global):
                yield from node.names
            elif (name := _changed(node)) and name not in own:
                yield name


def _changed(node: ast.AST) -> str | None:
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
        is_change = node.func.attr in CHANGING
        return node.func.value.id if is_change and isinstance(node.func.value, ast.Name) else None
    is_item = isinstance(node, ast.Subscript) and isinstance(node.ctx, ast.Store | ast.Del)
    return node.value.id if is_item and isinstance(node.value, ast.Name) else None


@pytest.mark.parametrize("path", PRODUCT, ids=named)
def test_a_module_keeps_no_state(path: Path) -> None:
    """No function changes what a module holds."""
    module = tree(path)
    assert set(names_of(module)) & set(changes_of(module)) == set()


@pytest.mark.parametrize("path", EVERYTHING, ids=named)
def test_nobody_mocks(path: Path) -> None:
    """Fakes and builders, not mocks."""
    imported = {
        name
        for node in ast.walk(tree(path))
        for name in (
            [alias.name for alias in node.names]
            if isinstance(node, ast.Import)
            else [f"{node.module}.{alias.name}" for alias in node.names]
            if isinstance(node, ast.ImportFrom)
            else []
        )
    }
    assert not {name for name in imported if name.startswith(("unittest.mock", "mock"))}


@pytest.mark.parametrize("path", EVERYTHING, ids=named)
def test_a_file_is_named_for_what_it_is(path: Path) -> None:
    """Never manager, utils and their kind."""
    assert not VAGUE & set(path.stem.split("_"))


@pytest.mark.parametrize("path", [*texts()], ids=named)
def test_a_text_speaks_of_the_project_only(path: Path) -> None:
    """No folder of somebody's machine, and nothing left for later without saying so."""
    text = path.read_text(encoding="utf-8")
    found = [match.group() for rule in (MACHINE, LATER) for match in rule.finditer(text)]
    assert found == []


def test_the_floors_hold() -> None:
    """Imports go downwards only; every contract of import-linter is kept."""
    done = subprocess.run(
        [Path(sys.executable).with_name("lint-imports"), "--no-cache"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout


def test_nothing_we_need_brings_a_daemon_of_its_own() -> None:
    """python-daemon and its like would overwrite our import package `daemon`."""
    locked = tomllib.loads((ROOT / "uv.lock").read_text())["package"]
    assert not {package["name"] for package in locked} & {"python-daemon", "daemon", "daemons"}


def test_every_dependency_says_why() -> None:
    """Each line of the dependencies in pyproject.toml has its reason behind it."""
    lines = (ROOT / "pyproject.toml").read_text().splitlines()
    start = lines.index("dependencies = [") + 1
    listed = lines[start : lines.index("]", start)]
    assert [line for line in listed if "#" not in line] == []
