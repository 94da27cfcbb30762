"""`python -m classifiers train | evaluate`: examples to a model, or to figures about one."""

import argparse
import json
import platform
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from classifiers.artifact import save
from classifiers.card import write_card
from classifiers.errors import ClassifierError
from classifiers.examples import Example, corpus_digest, labels_of, read_corpus
from classifiers.figures import DEFAULT_THRESHOLD, Figures, interval, judge
from classifiers.predict import SHIPPED, Model


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the command; 0 done, 2 wrong usage, a bad corpus or no valid model."""
    options = _parser().parse_args(arguments)
    try:
        answer = options.run(options)
    except ClassifierError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    sys.stdout.write(json.dumps(answer) + "\n" if options.json else _table(answer))
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m classifiers", description=__doc__)
    commands = parser.add_subparsers(required=True, metavar="train | evaluate")
    learn = commands.add_parser("train", help="learn a model from examples")
    learn.add_argument("--out", type=Path, required=True, help="folder for the model")
    learn.add_argument("--seed", type=int, default=0, help="of folds and draws (default 0)")
    learn.set_defaults(run=_train)
    test = commands.add_parser("evaluate", help="judge a model by labelled examples")
    test.add_argument("--model", type=Path, default=SHIPPED, help="folder (default: the shipped)")
    test.add_argument(
        "--threshold",
        type=_probability,
        default=DEFAULT_THRESHOLD,
        help="probability from which on the model speaks (default 0.5)",
    )
    test.set_defaults(run=_evaluate)
    test.add_argument(
        "--leave-out",
        choices=("scenario", "writer"),
        help="train on the data, each time without a fifth of the scenarios or without one writer,"
        " and judge by these",
    )
    test.add_argument(
        "--folds",
        type=_folds,
        help="with --leave-out: leave out in so many goes, each as long as training",
    )
    test.add_argument("--seed", type=int, default=0, help="with --leave-out: of folds and draws")
    for command in (learn, test):
        command.add_argument(
            "--data", type=Path, nargs="+", required=True, help="JSON lines, .gz allowed"
        )
        command.add_argument("--json", action="store_true", help="one JSON document on stdout")
        command.add_argument("--card", type=Path, help="folder for plots and the surest mistakes")
    return parser


def _probability(text: str) -> float:
    value = float(text)
    if not 0 <= value <= 1:
        raise argparse.ArgumentTypeError("a number from 0 to 1 is wanted")
    return value


def _folds(text: str) -> int:
    value = int(text)
    if value < 2:  # noqa: PLR2004 - or nothing is left to learn from
        raise argparse.ArgumentTypeError("2 or more is wanted")
    return value


def _train(options: argparse.Namespace) -> Figures:
    """Learns and saves a model; answers with its out-of-fold figures."""
    # scikit-learn takes a second that `evaluate` need not wait for
    import sklearn  # noqa: PLC0415 - see above

    from classifiers.train import train  # noqa: PLC0415 - see above

    corpus = read_corpus(options.data)
    weights, told = train(corpus, seed=options.seed)
    figures = _carded(options.card, corpus.examples, told, weights.labels, DEFAULT_THRESHOLD)
    notes = {
        "seed": options.seed,
        "corpus": {
            "examples": len(corpus.examples),
            "sentences": len(corpus.sentences),
            "sha256": corpus_digest(corpus),
        },
        "made_with": {
            "python": platform.python_version(),
            "numpy": np.__version__,
            "scikit-learn": sklearn.__version__,
        },
        "out_of_fold": figures,
    }
    version = save(options.out, weights, notes)
    return {"version": version, **figures}


def _evaluate(options: argparse.Namespace) -> Figures:
    """Judges a model by all examples, or how training would do on what it is not shown."""
    corpus = read_corpus(options.data)
    if options.leave_out:
        from classifiers.leaving import left_out  # noqa: PLC0415 - needs scikit-learn

        labels = labels_of(corpus.examples)
        told = left_out(corpus, options.leave_out, folds=options.folds, seed=options.seed)
        return _carded(options.card, corpus.examples, told, labels, options.threshold)
    model = Model.load(options.model)
    examples = corpus.examples
    if model.manifest.get("corpus", {}).get("sha256") == corpus_digest(corpus):
        print(
            "warning: the model was trained on these very examples; the figures flatter it."
            " The honest ones are under out_of_fold in its model.json.",
            file=sys.stderr,
        )
    told = model.matrix([example.document for example in examples])
    return _carded(options.card, examples, told, model.labels, options.threshold)


def _carded(
    card: Path | None,
    examples: Sequence[Example],
    told: "np.ndarray[tuple[int, int], np.dtype[np.float64]]",
    labels: Sequence[str],
    threshold: float,
) -> Figures:
    """The figures; drawn and written out as well when a card is wanted."""
    figures = _judged(examples, told, labels, threshold)
    if card is not None:
        write_card(card, examples, told, labels, figures)
    return figures


def _judged(
    examples: Sequence[Example],
    told: "np.ndarray[tuple[int, int], np.dtype[np.float64]]",
    labels: Sequence[str],
    threshold: float,
) -> Figures:
    """The figures of probabilities, also by language and by difficulty."""
    groups = {
        "language": [example.lang for example in examples],
        "difficulty": ["hard" if example.is_hard else "ordinary" for example in examples],
    }
    truth = _truth(examples, labels)
    scenarios = [example.scenario for example in examples]
    figures = judge(truth, told, labels, groups, threshold)
    return figures | {"macro_f1_interval": interval(truth, told, scenarios)}


def _truth(
    examples: Sequence[Example], labels: Sequence[str]
) -> "np.ndarray[tuple[int], np.dtype[np.intp]]":
    """Numbers of the true labels.

    Raises:
        ClassifierError: the model does not know one of them.
    """
    strange = {example.label for example in examples}.difference(labels)
    if strange:
        raise ClassifierError(f"the model does not know: {', '.join(sorted(strange))}")
    return np.array([labels.index(example.label) for example in examples], dtype=np.intp)


def _table(figures: Figures) -> str:
    """The figures for people."""
    lines = [f"{'':14}{'precision':>10}{'recall':>10}{'f1':>10}{'n':>8}"]
    for label, row in figures["per_class"].items():
        numbers = "".join(f"{row[name]:10.3f}" for name in ("precision", "recall", "f1"))
        lines.append(f"{label[:13]:14}{numbers}{row['n']:8d}")
    low, high = figures["macro_f1_interval"]
    lines += ["", f"macro F1 95 % interval {low:.3f} to {high:.3f}"]
    rows = {"all": figures, **figures["by_language"], **figures["by_difficulty"]}
    for language, row in rows.items():
        right = row["precision_at_coverage"]
        lines.append(
            f"{language:14}n {row['n']}, macro F1 {row['macro_f1']:.3f}, speaks on"
            f" {row['coverage']:.1%}, right there {'-' if right is None else f'{right:.1%}'},"
            f" calibration error {row['ece']:.3f}, surest"
            + "".join(f" {of} {right:.1%}" for of, right in row["accuracy_of_surest"].items())
        )
    lines += [
        "",
        "true \\ guessed  " + "".join(f"{label[:10]:>12}" for label in figures["confusion"]),
    ]
    for label, row in figures["confusion"].items():
        lines.append(f"{label[:14]:16}" + "".join(f"{count:12d}" for count in row.values()))
    if "version" in figures:
        lines.append(f"\nmodel {figures['version']}")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    sys.exit(main())
