"""Single values: sizes, times, names, addresses."""

from datetime import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from daemon.config import values


@pytest.mark.parametrize(
    ("written", "size"),
    [
        (0, 0),
        (4096, 4096),
        ("4097", 4097),
        ("64 MB", 64_000_000),
        ("64MB", 64_000_000),
        ("64 MiB", 64 * 2**20),
        ("64 mib", 64 * 2**20),
        ("1.5 kB", 1_500),
        ("0.1 GiB", 107_374_182),
        ("1 TB", 10**12),
    ],
)
def test_sizes_are_bytes_or_text_with_a_unit(written: object, size: int) -> None:
    """MB is 10^6 and MiB is 2^20, exactly."""
    assert values.bytes_of(written) == size


@pytest.mark.parametrize("written", [True, 1.5, "", "MB", "1 mile", "-1", "1,5 MB", None, "1e9"])
def test_what_is_no_size_is_refused(written: object) -> None:
    """`true` is not 1, and no unit is guessed."""
    with pytest.raises(ValueError, match="must be a size"):
        values.bytes_of(written)


@given(st.integers(0, 10**15 - 1), st.sampled_from(["", "B", "kB", "KiB", "MB", "GiB"]))
def test_a_size_is_exact_however_big(number: int, unit: str) -> None:
    """No detour through floating point."""
    factor = {"": 1, "B": 1, "kB": 10**3, "KiB": 2**10, "MB": 10**6, "GiB": 2**30}[unit]
    assert values.bytes_of(f"{number} {unit}") == number * factor


@given(st.times())
def test_a_time_of_day_has_hours_and_minutes(at: time) -> None:
    """What is written is what comes out."""
    assert values.time_of(f"{at:%H:%M}") == at.replace(second=0, microsecond=0)


@pytest.mark.parametrize(
    "written", ["7:30", "24:00", "07:60", "0730", 730, time(7, 30, 1), "\u0660\u0667:30"]
)
def test_what_is_no_time_is_refused(written: object) -> None:
    """One form, so that nobody has to guess."""
    with pytest.raises(ValueError, match="time of day"):
        values.time_of(written)


@pytest.mark.parametrize(
    ("host", "is_near"),
    [("localhost", True), ("127.8.9.1", True), ("::1", True), ("localhost.example", False),
     ("10.0.0.1", False), ("127.0.0.1.example", False)],
)  # fmt: skip
def test_loopback_is_this_machine_only(host: str, is_near: bool) -> None:
    """A name that merely looks like it is not."""
    assert values.is_loopback(host) is is_near


CHECKS = [
    values.zone_name, values.name_of, values.host_of, values.listen_of, values.address_of,
    values.sender_of, values.language_of, values.regex_of, values.url_of, values.store_url_of,
    values.instance_of, values.filled, values.address_glob_of,
]  # fmt: skip


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
@given(written=st.text(max_size=30) | st.from_regex(r"[a-z+]{1,9}://[\[\]:/@a-z0-9.]{0,20}"))
def test_any_text_is_taken_or_refused_with_a_reason(check, written: str) -> None:
    """A check returns text or raises ValueError with a sentence; nothing else comes out."""
    try:
        assert isinstance(check(written), str)
    except ValueError as error:
        assert not isinstance(error, UnicodeError)  # noqa: PT017
        assert " " in str(error)  # noqa: PT017


@pytest.mark.parametrize("pattern", ["a+", "(?i)x", r"\bRMA-\d{6}\b", "", "é"])
def test_a_regular_expression_of_re2_is_taken(pattern: str) -> None:
    """What RE2 can run is kept as written."""
    assert values.regex_of(pattern) == pattern


@pytest.mark.parametrize("pattern", ["(", "(?=a)", r"(a)\1", "a{5000}", "*"])
def test_a_regular_expression_that_re2_cannot_run_is_refused(pattern: str) -> None:
    """The reason is RE2's own."""
    with pytest.raises(ValueError, match=r"not a regular expression of RE2: ."):
        values.regex_of(pattern)


def test_nothing_is_said_on_stderr_about_a_wrong_expression(capfd) -> None:
    """RE2 would log there by itself; the problem list says it once."""
    with pytest.raises(ValueError, match="RE2"):
        values.regex_of("(")
    assert capfd.readouterr() == ("", "")


def test_a_relative_path_without_a_file_starts_here() -> None:
    """Only tests build settings without a file."""

    class Info:
        context = None

    assert values.path_of("var", Info()) == Path.cwd() / "var"
    assert values.path_of("", Info()) is None
