"""How fast mails are classified, beside scikit-learn and Vowpal Wabbit in the same run.

    python -m tests.bench.bench_classify [--mails 2000] [--rounds 5]

Every contestant gets the same texts of about 1 kB, made of mails of the starter corpus, and gives
four probabilities each; in batches of 200 and one by one. scikit-learn hashes letters (2 to 5) and
words (1 and 2) and has a linear model; Vowpal Wabbit (where it is installed) has words and pairs.
"""

import argparse
import json
import random
import sys
import warnings
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from statistics import median
from time import perf_counter

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT))  # run as a file, the packages are not importable before this

# ruff: noqa: E402 - for the reason above
import numpy as np
from sklearn.feature_extraction.text import HashingVectorizer
from sklearn.linear_model import SGDClassifier
from sklearn.pipeline import make_pipeline, make_union

from classifiers.documents import Document
from classifiers.predict import SHIPPED, Model

CORPUS = ROOT / "classifiers" / "corpus"
BATCH = 200
LENGTH = 1000  # characters of a text, about
BUCKETS = 1 << 18
BAR, SINGLE_MS, LOAD_S = 3.0, 2.0, 0.3

Classify = Callable[[Sequence[str]], object]


def main() -> None:
    """Measure, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--mails", type=int, default=2000)
    parser.add_argument("--rounds", type=int, default=5)
    wanted = parser.parse_args()
    texts, labels = made_up(wanted.mails)
    began = perf_counter()
    model = Model.load()
    load_s = perf_counter() - began
    ways: dict[str, Classify] = {
        "ours": lambda part: model.matrix([Document(subject="", body=text) for text in part]),
        "scikit-learn": hashing(texts, labels),
    }
    if (other := vowpal_wabbit(texts, labels)) is not None:
        ways["Vowpal Wabbit"] = other
    print(f"{len(texts)} texts of {sum(map(len, texts)) / len(texts):.0f} characters")
    rates = {name: measured(way, texts, wanted.rounds) for name, way in ways.items()}
    print(f"{'':14}{'per s in batches':>18}{'x scikit-learn':>16}{'one by one, ms':>16}")
    for name, (rate, single_ms) in rates.items():
        ratio = rate / rates["scikit-learn"][0]
        print(f"{name:14}{rate:18.0f}{ratio:16.2f}{single_ms:16.2f}")
    size = sum(file.stat().st_size for file in SHIPPED.iterdir()) / 1e6
    print(f"model: {size:.1f} MB, loaded in {load_s:.2f} s (bar {LOAD_S})")
    ratio, single_ms = rates["ours"][0] / rates["scikit-learn"][0], rates["ours"][1]
    held = ratio >= BAR and single_ms < SINGLE_MS and load_s <= LOAD_S
    print(f"bars {BAR} x, {SINGLE_MS} ms, {LOAD_S} s: {'held' if held else 'NOT held'}")


def made_up(many: int) -> tuple[list[str], list[str]]:
    """Texts of about 1 kB: mails of one label and language put together."""
    draw = random.Random(0)
    texts, labels = [], []
    pools = [*by_label()]
    for _ in range(many):
        label, bodies = draw.choice(pools)
        text = ""
        while len(text) < LENGTH - 150:
            text += draw.choice(bodies) + "\n\n"
        texts.append(text)
        labels.append(label)
    return texts, labels


def by_label() -> Iterator[tuple[str, list[str]]]:
    """Bodies of the corpus by label and language."""
    for language in ("it", "pl", "en"):
        lines = (CORPUS / f"{language}.jsonl").read_text(encoding="utf-8").splitlines()
        mails = [json.loads(line) for line in lines]
        for label in sorted({mail["label"] for mail in mails}):
            yield label, [mail["body"] for mail in mails if mail["label"] == label]


def hashing(texts: Sequence[str], labels: Sequence[str]) -> Classify:
    """scikit-learn's way."""
    features = make_union(
        HashingVectorizer(analyzer="char_wb", ngram_range=(2, 5), n_features=BUCKETS),
        HashingVectorizer(ngram_range=(1, 2), n_features=BUCKETS),
    )
    linear = SGDClassifier(loss="log_loss", alpha=1e-5, max_iter=5, tol=None, random_state=0)
    pipeline = make_pipeline(features, linear).fit(texts[:500], labels[:500])
    linear.coef_ = np.asfortranarray(linear.coef_)  # or each call copies it
    return lambda part: pipeline.predict_proba(list(part))


def vowpal_wabbit(texts: Sequence[str], labels: Sequence[str]) -> Classify | None:
    """Vowpal Wabbit's way, None where it is not installed."""
    try:
        from vowpalwabbit import Workspace  # noqa: PLC0415 - may not be there
    except ImportError:
        print("Vowpal Wabbit is not installed: pip install vowpalwabbit")
        return None
    workspace = Workspace(
        "--oaa 4 --probabilities --loss_function logistic -b 18 --ngram 2 --quiet"
    )
    names = sorted(set(labels))
    for text, label in zip(texts[:500], labels[:500], strict=True):
        workspace.learn(f"{names.index(label) + 1} | {plain(text)}")
    return lambda part: [workspace.predict(f"| {plain(text)}") for text in part]


def plain(text: str) -> str:
    """A text without what Vowpal Wabbit's format means otherwise."""
    return text.lower().replace(":", " ").replace("|", " ").replace("\n", " ")


def measured(classify: Classify, texts: Sequence[str], rounds: int) -> tuple[float, float]:
    """Texts per second in batches, and milliseconds for one alone; medians."""
    rates, singles = [], []
    classify(texts[:BATCH])
    for _ in range(rounds):
        began = perf_counter()
        for start in range(0, len(texts), BATCH):
            classify(texts[start : start + BATCH])
        rates.append(len(texts) / (perf_counter() - began))
        began = perf_counter()
        for text in texts[:50]:
            classify([text])
        singles.append((perf_counter() - began) / 50 * 1000)
    return median(rates), median(singles)


if __name__ == "__main__":
    warnings.filterwarnings("ignore")
    main()
