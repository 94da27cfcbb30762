"""An evaluation to what its reader looks at: two plots, and the surest mistakes in full."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from classifiers.errors import ClassifierError
from classifiers.examples import Example
from classifiers.figures import Figures
from classifiers.plots import coverage, reliability

_SHOWN = 10  # mistakes


def write_card(
    folder: Path,
    examples: Sequence[Example],
    told: NDArray[np.float64],
    labels: Sequence[str],
    figures: Figures,
) -> None:
    """Writes `reliability.svg`, `coverage.svg` and `mistakes.md` into a folder.

    Args:
        folder: is made when it is not there.
        examples: the mails judged.
        told: their probabilities, (mails, labels).
        labels: names in the order of the columns.
        figures: what `judge` says of them.

    Raises:
        ClassifierError: the folder cannot be written to.
    """
    curve = figures["right_by_coverage"]
    files = {
        "reliability.svg": reliability(figures["reliability"]),
        "coverage.svg": coverage(curve, lowest=_lowest(curve)),
        "mistakes.md": _mistakes(examples, told, labels),
    }
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, text in files.items():
            (folder / name).write_text(text, encoding="utf-8")
    except OSError as error:
        raise ClassifierError(f"{folder}: {error.strerror}") from error


def _lowest(curve: Sequence[tuple[float, float]]) -> float:
    """Where the axis of a curve begins: at a half, or at nothing when the curve goes below it."""
    return 0.5 if min((right for _, right in curve), default=0.0) >= 0.5 else 0.0  # noqa: PLR2004


def _mistakes(examples: Sequence[Example], told: NDArray[np.float64], labels: Sequence[str]) -> str:
    """The mails whose label got least, each with what was said instead."""
    truth = np.array([labels.index(one.label) for one in examples], dtype=np.intp)
    got = told[np.arange(len(truth)), truth] if len(truth) else np.zeros(0)
    wrong = [int(n) for n in np.argsort(got, kind="stable") if told[n].argmax() != truth[n]]
    parts = ["# The surest mistakes\n"]
    for number in wrong[:_SHOWN]:
        one, best = examples[number], int(told[number].argmax())
        said = f"{labels[best]} {told[number, best]:.2f}, {one.label} {got[number]:.2f}"
        lines = f"Subject: {one.document.subject}\n\n{one.document.body}".splitlines()
        quoted = "\n".join(f"> {line}".rstrip() for line in lines)
        parts.append(f"## {one.lang or '?'}, {one.label}, taken for {said}\n\n{quoted}\n")
    return "\n".join(parts)
