"""HTML becomes readable text, in bounded time whatever it is."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from daemon.mail.html import html_text
from daemon.mail.limits import MailLimits

LIMITS = MailLimits()


def test_inline_elements_do_not_break_lines_and_blocks_do():
    """A bold word stays in its line; paragraphs, breaks, cells and items part."""
    text, _ = html_text(
        "<p>Ciao <b>Ma</b>rio,</p>come\nva<br>oggi?<ul><li>uno<li>due</ul>"
        "<table><tr><td>a</td><td>b</td></tr><tr><td>c</td></tr></table>",
        LIMITS,
    )

    assert [line for line in text.split("\n") if line] == [
        "Ciao Mario,", "come va", "oggi?", "uno", "due", "a b", "c",
    ]  # fmt: skip


@pytest.mark.parametrize(
    "hidden",
    [
        '<div style="display:none">x</div>',
        '<div style="color:red; DISPLAY: none">x</div>',
        "<script>x</script>",
        "<style>x</style>",
        "<title>x</title>",
        "<p hidden>x</p>",
        "<!-- x -->",
        '<span style="visibility:hidden">x</span>',
    ],
)
def test_what_a_reader_does_not_see_is_left_out(hidden):
    """Preheaders, styles and scripts are not what the sender says."""
    assert html_text(f"<p>seen</p>{hidden}", LIMITS)[0] == "seen"


def test_links_and_images_are_counted():
    """The counts feed the structure features of the classifier."""
    _, count = html_text('<a href="x">1</a><A HREF="y">2</A><img src="z"><abbr>no</abbr>', LIMITS)

    assert (count.links, count.images, count.cut) == (2, 1, None)


@pytest.mark.parametrize(
    ("cut", "html"),
    [
        ("html_bytes", "<p>seen</p>" + "<p>x</p>" * 200_000),
        ("html_depth", "<p>seen</p>" + "<div>" * 100_000),
        ("html_depth", "<p>seen</p>" + "<font color=1>" * 501),
        ("html_attributes", "<p>seen</p><a " + " ".join(f"a{n}" for n in range(100_000)) + ">"),
        ("html_attributes", "<p>seen</p><a " + "".join(f'a{n}="<"' for n in range(80_000)) + ">"),
        ("html_attributes", "<p>seen</p><a " + " ".join(f'a{n}=">"' for n in range(80_000)) + ">"),
    ],
    ids=lambda value: str(value)[:30],
)
def test_a_bomb_is_stripped_of_tags_instead_of_parsed(cut, html):
    """Its text is still there, the cut has a name, and it takes no two seconds."""
    started = time.process_time()
    text, count = html_text(html, LIMITS)

    assert time.process_time() - started < 2
    assert count.cut == cut
    assert text.startswith("seen")


@pytest.mark.parametrize(
    "piece",
    ["<p>", "<li>", "<", "<!--", "&", "</p>", "<b><i></b></i>", '<a href="', "<td>", "<style"],
)
def test_repeating_one_piece_to_the_limit_stays_fast(piece):
    """No quadratic path is left within the size limit."""
    started = time.process_time()
    html_text(piece * (LIMITS.html_bytes // len(piece)), LIMITS)

    assert time.process_time() - started < 3


def test_a_table_layout_of_many_cells_is_not_taken_for_depth():
    """Elements that a parser closes by itself do not nest."""
    _, count = html_text("<table>" + "<tr><td>x<p>y" * 2_000 + "</table>", LIMITS)

    assert count.cut is None


@given(
    st.text(max_size=500),
    st.lists(st.sampled_from(["<>", "p", "div", "/", "style", "=", '"', "'", "--", "!", "&"])),
)
def test_any_text_can_be_read(noise, pieces):
    """Whatever is fed, text comes back without markup-driven errors."""
    text, count = html_text(noise + "".join(pieces), LIMITS)

    assert isinstance(text, str)
    assert count.cut is None
