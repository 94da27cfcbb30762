"""The tree -> its files, texts and syntax trees, for the tests of its shape."""

import ast
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]
CODE = ("daemon", "classifiers")
OURS = (*CODE, "config", "systemd", "tests", ".ci")
TEXTS = frozenset({".py", ".md", ".toml", ".service", ".sysusers", ".tmpfiles", ".j2", ".c", ""})


def modules(*folders: str) -> Iterator[Path]:
    """Yield the Python files of some folders, in order."""
    for folder in folders:
        yield from sorted((ROOT / folder).rglob("*.py"))


def named(path: Path) -> str:
    """Return a file's name as the tests show it."""
    return str(path.relative_to(ROOT))


def tree(path: Path) -> ast.Module:
    """Return the syntax tree of a Python file."""
    return ast.parse(path.read_text(encoding="utf-8"))


def texts() -> Iterator[Path]:
    """Yield every file of ours that people read."""
    yield from (path for path in sorted(ROOT.iterdir()) if path.is_file() and _is_text(path))
    for folder in OURS:
        for path in sorted((ROOT / folder).rglob("*")):
            if path.is_file() and _is_text(path) and "__pycache__" not in path.parts:
                yield path


def _is_text(path: Path) -> bool:
    return path.suffix in TEXTS
