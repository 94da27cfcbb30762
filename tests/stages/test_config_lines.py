"""The map from paths to lines agrees with `tomllib` on whatever TOML can look like."""

import tomllib

from hypothesis import assume, given
from hypothesis import strategies as st

from daemon.config.lines import line_map, nearest_line

COMMENT = st.sampled_from(["", " # note", ' # [x] = """', " # ]}", "  "])
BLANK = st.sampled_from(["", "# k = 1\n", "\n", "   \t\n", "# [a.b]\n\n"])
KEY = st.sampled_from(
    ["a", "b", "c-1", "_d", "7", '"a"', "'b'", '"x.y"', '"#"', '"\\u0041"', "'='", '"]"']
)
SCALARS = [
    "{}", "0x{}", "{}.5", '"t{}"', "'t{} # ]'", '"t{} \\" ] }} ="', "1979-05-27 07:32:00.{}",
    '"""t{}\n[a]\nk = "1" # x\n\\""" """', "'''t{}\n[[a]]\n''k = 1'''", '"""t{}"""""',
    "'''t{}'''''",
]  # fmt: skip


class Counter:
    """Numbers each scalar, so that it can be found again in the text."""

    def __init__(self) -> None:
        self.value = 100_000

    def next(self) -> str:
        self.value += 1
        return str(self.value)


@st.composite
def values(draw: st.DrawFn, counter: Counter, depth: int = 0) -> str:
    """Draw a value in any of the forms TOML has."""
    kind = draw(st.integers(0, 6 if depth < 3 else 4))
    if kind < 5:
        return draw(st.sampled_from(SCALARS)).replace("{}", counter.next()).replace("}}", "}")
    members = range(draw(st.integers(0, 3)))
    if kind == 6:
        pairs = [f"k{n}.s = {draw(values(counter, depth + 1))}" for n in members]
        return "{ " + ", ".join(pairs) + " }"
    gap = draw(st.sampled_from([" ", "\n", "\n  # ] , [\n"]))
    inner = [f"{gap}{draw(values(counter, depth + 1))}{gap}" for _ in members]
    return "[" + ",".join(inner) + (draw(st.sampled_from(["", ","])) if inner else gap) + "]"


@st.composite
def documents(draw: st.DrawFn) -> str:
    """Draw a document; it may still be refused by `tomllib` for a key that comes twice."""
    counter, text = Counter(), ""
    for _ in range(draw(st.integers(0, 8))):
        dotted = draw(st.sampled_from([".", " . "])).join(
            draw(st.lists(KEY, min_size=1, max_size=3))
        )
        form = draw(st.sampled_from(["{} = ", "{}=", "[{}]", "[[{}]]", "[[ {} ]]", "{} = "]))
        line = form.replace("{}", dotted)
        line += draw(values(counter)) if form.startswith("{}") else ""
        text += f"{draw(BLANK)}  {line}{draw(COMMENT)}\n"
    return text.replace("\n", draw(st.sampled_from(["\n", "\r\n"])))


def paths_of(value: object, path: tuple = ()) -> dict[tuple, object]:
    """Return every path below `value`, with what stands there."""
    found = {path: value} if path else {}
    steps = value.items() if isinstance(value, dict) else ()
    steps = enumerate(value) if isinstance(value, list) else steps
    for step, inner in steps:
        found |= paths_of(inner, (*path, step))
    return found


def parsed(text: str) -> dict:
    """Return what `tomllib` reads, and drop the example when it reads nothing."""
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        assume(False)
        raise


@given(documents())
def test_the_map_has_the_paths_that_tomllib_reads(text: str) -> None:
    """No path is missing, none is invented, whatever strings, arrays and tables hold."""
    assert set(line_map(text)) == set(paths_of(parsed(text)))


@given(documents())
def test_each_scalar_stands_on_its_line(text: str) -> None:
    """The number written into each scalar is found on the line that the map gives."""
    found, lines = line_map(text), text.split("\n")
    for path, value in paths_of(parsed(text)).items():
        if isinstance(value, dict | list):
            continue
        mark = _mark(value)
        assert mark in lines[found[path] - 1], (path, value)


def _mark(value: object) -> str:
    if isinstance(value, str):
        return value[1:7]
    if isinstance(value, float):
        return str(value)
    if isinstance(value, int):
        return str(value) if value < 1_000_000 else f"{value:x}"
    return f"{value.microsecond:06d}"


@given(documents())
def test_outer_lines_are_not_below_inner_ones(text: str) -> None:
    """A table stands where it is first mentioned, at or above all that is in it."""
    found = line_map(text)
    for path, line in found.items():
        assert path[:-1] not in found or found[path[:-1]] <= line


def test_headers_keys_and_members_have_their_own_lines() -> None:
    """An example small enough to be checked by eye."""
    text = "[a]\nb.c = 1\n\n[[r]]\nx = [\n  1,\n  2,\n]\n[[r]]\nw = { k = 1 }\n"
    assert line_map(text) == {
        ("a",): 1, ("a", "b"): 2, ("a", "b", "c"): 2,
        ("r",): 4, ("r", 0): 4, ("r", 0, "x"): 5, ("r", 0, "x", 0): 6, ("r", 0, "x", 1): 7,
        ("r", 1): 9, ("r", 1, "w"): 10, ("r", 1, "w", "k"): 10,
    }  # fmt: skip


def test_a_sub_table_belongs_to_the_newest_member() -> None:
    """`[r.s]` after the second `[[r]]` is part of the second."""
    found = line_map("[[r]]\n[r.s]\n[[r]]\n[r.s]\n[[r.t]]\nk = 1\n")
    assert found[("r", 0, "s")] == 2
    assert found[("r", 1, "s")] == 4
    assert found[("r", 1, "t", 0, "k")] == 6


def test_what_is_absent_has_the_line_of_what_is_around_it() -> None:
    """A missing key is reported at its table's header, a missing table at the top."""
    found = line_map("\n[a]\nb = 1\n")
    assert nearest_line(found, ("a", "zz")) == 2
    assert nearest_line(found, ("q", "zz")) == 1
