"""One JSON line becomes one mail, or a clear error."""

import json
import sys

from hypothesis import given
from hypothesis import strategies as st

from daemon.cli.lines import parse_line

if sys.version_info >= (3, 14):
    pass
else:
    pass


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["id", "subject", "body", "from", "headers", "x"]), inner)
    ),
    max_leaves=8,
)


@given(st.one_of(st.binary(max_size=60), JSON.map(lambda value: json.dumps(value).encode())))
def test_a_bad_json_line_is_a_value_error_and_nothing_else(line: bytes) -> None:
    """Lines come from anywhere; a bad one must not stop the others."""
    try:
        name, plain = parse_line(line, "x:1")
    except ValueError:
        return
    assert isinstance(name, str)
    assert isinstance(plain.subject, str)


def test_a_json_line_tells_missing_headers_from_none() -> None:
    """Absent headers are unknown; an empty object says that there are none."""
    assert parse_line(b'{"body": "x"}', "f:1")[1].headers is None
    assert parse_line(b'{"body": "x", "headers": {}}', "f:1")[1].headers == ()
    name, plain = parse_line(b'{"id": 7, "headers": {"List-Id": ["a", "b"]}}', "f:1")
    assert name == "7"
    assert plain.headers == (("list-id", "a"), ("list-id", "b"))
    assert parse_line(b'{"subject": null}', "f:1")[0] == "f:1"
