"""A corpus to what models say of those scenarios or writers that they have not seen."""

import numpy as np
from numpy.typing import NDArray
from sklearn.model_selection import GroupKFold

from classifiers.errors import ClassifierError
from classifiers.examples import Corpus
from classifiers.features import FeatureSettings
from classifiers.train import fit, predict, tabulate

_FOLDS = 5  # of scenarios; writers are left out one by one unless told otherwise
_INNER_FOLDS = 3  # of what is left, for the final part


def left_out(
    corpus: Corpus,
    by: str,
    *,
    folds: int | None = None,
    seed: int = 0,
    settings: FeatureSettings | None = None,
) -> NDArray[np.float64]:
    """Probabilities of each example, as plain text, from a model that has not learnt its group.

    Args:
        corpus: mails and sentences; written sentences are left out with their scenario.
        by: `scenario` or `writer`.
        folds: how often some are left out; None leaves out a fifth of the scenarios, or one writer,
            at a time.
        seed: of folds and of the headers drawn.
        settings: how rows are built, None for the shipped way.

    Returns:
        (examples, labels). With `writer` scenarios that others told as well are known; what is
        never told apart is which columns occur at all.

    Raises:
        ClassifierError: fewer than two labels, scenarios or writers.
    """
    groups = [getattr(example, by) for example in corpus.examples]
    least = 3 if by == "scenario" else 2  # what is left must be parted once more by scenario
    if len(set(groups)) < least:
        wanted = "three scenarios" if by == "scenario" else "two writers"
        raise ClassifierError(f"{wanted} at least are wanted, or too little is left to learn from")
    table = tabulate(corpus, settings or FeatureSettings(), seed)
    every = np.arange(len(table.truth))
    many = len(set(groups))
    chosen = folds or (many if by == "writer" else _FOLDS)
    several = GroupKFold(min(chosen, many), shuffle=True, random_state=seed + 1)
    told = np.zeros((len(every), len(table.labels)))
    for learn, test in several.split(every, groups=groups):
        if len(np.unique(table.group[learn])) < 2:  # noqa: PLR2004 - parted once more
            raise ClassifierError(f"without a {by} one scenario is left, too little to learn from")
        parts = fit(table, learn, seed, _INNER_FOLDS)
        told[test] = predict(table, parts, test)
    return told
