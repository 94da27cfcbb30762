"""Files and functions stay small enough to be read in one go."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.shape.sources import modules, named, tree

FILE_CAP = 400  # lines
FUNCTION_CAP = 40  # lines, without the docstring

ALL = [*modules("daemon", "classifiers", "tests")]
# A migration is a list of tables, read once and never changed.
SCREENFULS = [path for path in ALL if "migrations" not in path.parts]
Function = ast.FunctionDef | ast.AsyncFunctionDef


def functions(path: Path) -> Iterator[Function]:
    """Yield every function and method of a file."""
    for node in ast.walk(tree(path)):
        if isinstance(node, Function):
            yield node


def length(function: Function) -> int:
    """Return the lines of a function, without decorators and docstring."""
    docstring = function.body[0]
    is_docstring = isinstance(docstring, ast.Expr) and isinstance(docstring.value, ast.Constant)
    spared = (docstring.end_lineno or 0) - docstring.lineno + 1 if is_docstring else 0
    return (function.end_lineno or 0) - function.lineno + 1 - spared


@pytest.mark.parametrize("path", ALL, ids=named)
def test_a_file_can_be_read_in_one_go(path: Path) -> None:
    """No file is longer than the cap."""
    assert len(path.read_text(encoding="utf-8").splitlines()) <= FILE_CAP


@pytest.mark.parametrize("path", SCREENFULS, ids=named)
def test_a_function_fits_on_a_screen(path: Path) -> None:
    """No function is longer than the cap."""
    long = {one.name: length(one) for one in functions(path) if length(one) > FUNCTION_CAP}
    assert long == {}


def test_nine_functions_in_ten_are_short() -> None:
    """The 90th percentile of the product's functions is at most 25 lines."""
    lengths = sorted(
        length(one) for path in modules("daemon", "classifiers") for one in functions(path)
    )
    assert lengths[len(lengths) * 9 // 10] <= 25
