"""The card of an evaluation: plots that show the figures, and the surest mistakes in full."""

from pathlib import Path
from xml.etree import ElementTree as ET

import numpy as np
import pytest

from classifiers.card import write_card
from classifiers.documents import Document
from classifiers.errors import ClassifierError
from classifiers.examples import Example
from classifiers.figures import interval, judge

LABELS = ("complaint", "request")
SVG = "{http://www.w3.org/2000/svg}"


def example(label: str, body: str) -> Example:
    """Return a mail with a label."""
    document = Document(subject="Lamp", body=body)
    return Example(document=document, label=label, lang="en", scenario=body)


EXAMPLES = [
    example("complaint", "It broke."),
    example("request", "Does it <b>turn</b>?"),
    example("complaint", "Never came.\n\nAnn"),
    example("request", "A price, please."),
]
TOLD = np.array([[0.9, 0.1], [0.65, 0.35], [0.05, 0.95], [0.2, 0.8]])
TRUTH = np.array([0, 1, 0, 1], dtype=np.intp)


def test_the_plots_show_each_figure(tmp_path: Path) -> None:
    """A dot per tenth that has mails, at what was shown and right; a curve of all steps."""
    figures = judge(TRUTH, TOLD, LABELS, {})
    write_card(tmp_path / "card", EXAMPLES, TOLD, LABELS, figures)

    dots = ET.parse(tmp_path / "card" / "reliability.svg").iter(f"{SVG}circle")
    assert len(list(dots)) == len(figures["reliability"]) == 3
    assert figures["reliability"][0] == {"probability": 0.65, "right": 0.0, "share": 0.25}
    curve = figures["right_by_coverage"]
    assert curve[-1] == (1.0, 0.5)
    assert curve[0] == (0.02, 0.0)  # the surest of all is wrong
    lines = ET.parse(tmp_path / "card" / "coverage.svg").iter(f"{SVG}polyline")
    assert max(len(line.attrib["points"].split()) for line in lines) == len(curve)


def test_the_surest_mistakes_are_told_in_full(tmp_path: Path) -> None:
    """The worst first, all of its text, and what was said instead."""
    write_card(tmp_path, EXAMPLES, TOLD, LABELS, judge(TRUTH, TOLD, LABELS, {}))

    text = (tmp_path / "mistakes.md").read_text(encoding="utf-8")
    worst, second = text.split("\n## ")[1:]
    assert worst.startswith("en, complaint, taken for request 0.95, complaint 0.05")
    assert "> Never came.\n>\n> Ann" in worst
    assert second.startswith("en, request, taken for complaint 0.65, request 0.35")
    assert "A price" not in text


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    """No traceback."""
    (tmp_path / "card").write_text("a file")
    with pytest.raises(ClassifierError, match="card"):
        write_card(tmp_path / "card", EXAMPLES, TOLD, LABELS, judge(TRUTH, TOLD, LABELS, {}))


def test_mails_of_one_scenario_count_as_one_draw() -> None:
    """The same answers in fewer scenarios are known less well."""
    draw = np.random.default_rng(3)
    truth = draw.integers(2, size=400)
    right = draw.random(400) < 0.8
    scores = np.eye(2)[np.where(right, truth, 1 - truth)]
    alone = interval(truth, scores, [str(n) for n in range(400)])
    alike = np.repeat(np.arange(20), 20)
    order = np.argsort(right, kind="stable")  # a scenario is right or wrong as a whole
    together = interval(truth[order], scores[order], [str(n) for n in alike])
    assert alone[0] < 0.8 < alone[1]
    assert together[1] - together[0] > 2 * (alone[1] - alone[0])
