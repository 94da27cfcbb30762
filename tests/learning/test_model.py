"""What must hold of training, and of what a model says about mails."""

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from classifiers import leaving
from classifiers import train as trainer
from classifiers.__main__ import main
from classifiers.artifact import NUMBERS, save
from classifiers.documents import Document
from classifiers.errors import ClassifierError
from classifiers.examples import Corpus, Cue, Example, labels_of
from classifiers.leaving import left_out
from classifiers.predict import Model
from classifiers.train import _fit_calibration, fit, train
from classifiers.weights import Weights
from tests.learning.small import LABELS, corpus_lines, lines_file, small_corpus


def accuracy(told: Any, corpus: Corpus, labels: tuple[str, ...]) -> float:
    """Share of examples whose best label is the right one."""
    truth = [labels.index(example.label) for example in corpus.examples]
    return float(np.mean(np.argmax(told, axis=1) == np.array(truth)))


@pytest.mark.parametrize("is_marked", [True, False])
def test_training_learns_what_tells_the_labels_apart(*, is_marked: bool) -> None:
    """Unseen scenarios are told apart by what decides, with and without marked sentences."""
    corpus = small_corpus(is_marked=is_marked)
    weights, told = train(corpus, seed=3)
    assert accuracy(told, corpus, weights.labels) == 1.0
    assert bool(weights.heads) is is_marked
    model = Model(weights, {})
    assert accuracy(model.matrix([e.document for e in corpus.examples]), corpus, LABELS) == 1.0


@pytest.mark.parametrize("by", ["scenario", "writer"])
def test_what_is_left_out_is_judged_by_models_that_have_not_seen_it(by: str) -> None:
    """All choices are made without the group; here the groups differ in nothing that decides."""
    corpus = small_corpus()
    told = left_out(corpus, by)
    assert np.allclose(told.sum(axis=1), 1)
    assert accuracy(told, corpus, LABELS) == 1.0


def test_writers_are_left_out_one_by_one_unless_told_otherwise() -> None:
    """Each is judged by what all others wrote; fewer goes leave out several at once."""
    corpus = small_corpus()
    examples = tuple(
        replace(one, writer=f"w{number % 4}") for number, one in enumerate(corpus.examples)
    )
    four = Corpus(examples=examples, sentences=corpus.sentences)
    with pytest.MonkeyPatch.context() as patch:
        goes = []
        patch.setattr(leaving, "fit", lambda *given: goes.append(given) or fit(*given))
        left_out(four, "writer")
        left_out(four, "writer", folds=2)
    sizes = [len(learn) for _, learn, *_ in goes]
    assert sizes[:4] == [len(examples) * 3 // 4] * 4
    assert sizes[4:] == [len(examples) // 2] * 2


def test_calibration_finds_what_was_done_to_the_sums() -> None:
    """Sums that are twice too large and lean to one label are set right again."""
    draw = np.random.default_rng(3)
    honest = draw.normal(size=(6000, 3)) * 2
    shares = np.exp(honest) / np.exp(honest).sum(axis=1, keepdims=True)
    truth = np.array([draw.choice(3, p=row) for row in shares])
    temperature, lean = _fit_calibration(honest * 2 + [1.0, 0.0, 0.0], truth, 3)
    assert temperature == pytest.approx(2, abs=0.2)
    assert lean - lean.mean() == pytest.approx([-2 / 3, 1 / 3, 1 / 3], abs=0.2)


def test_probabilities_are_those_of_usual_mail() -> None:
    """Where there is enough of it, calibration looks at it alone."""
    corpus, seen = small_corpus(), []
    usual = replace(
        corpus,
        examples=tuple(
            replace(one, is_usual=number % 4 == 0) for number, one in enumerate(corpus.examples)
        ),
    )
    with pytest.MonkeyPatch.context() as patch:
        real = trainer._fit_calibration
        patch.setattr(
            trainer, "_fit_calibration", lambda *told: seen.append(len(told[1])) or real(*told)
        )
        train(usual)
        patch.setattr(trainer, "_FEWEST_USUAL", 2)
        train(usual)
    many = len(corpus.examples)
    assert seen == [2 * many, 2 * sum(one.is_usual for one in usual.examples)]


def test_a_group_that_is_left_out_is_not_learnt_from() -> None:
    """Of two writers who use the same words for opposite labels, each misleads about the other."""
    swapped = {"complaint": "request", "request": "complaint"}
    corpus = small_corpus()
    examples = tuple(
        replace(example, label=swapped.get(example.label, example.label))
        if example.writer == "w1"
        else example
        for example in corpus.examples
    )
    wrong = Corpus(examples=examples)
    told = left_out(wrong, "writer")
    assert accuracy(told, wrong, LABELS) == 0.5


def test_the_same_corpus_and_seed_give_the_same_files(
    tmp_path: Path, trained: tuple[Weights, Any]
) -> None:
    """A model can be made again from its corpus."""
    again, _ = train(small_corpus(), seed=3)
    versions = {save(tmp_path / name, it, {}) for name, it in (("a", trained[0]), ("b", again))}
    assert len(versions) == 1
    assert (tmp_path / "a" / NUMBERS).read_bytes() == (tmp_path / "b" / NUMBERS).read_bytes()


def test_training_on_one_label_or_one_scenario_is_refused() -> None:
    """Nothing could be learnt, and nothing measured."""
    examples = small_corpus().examples
    with pytest.raises(ClassifierError, match="two labels"):
        train(Corpus(examples=tuple(e for e in examples if e.label == "other")))
    with pytest.raises(ClassifierError, match="two scenarios"):
        train(Corpus(examples=tuple(e for e in examples if e.scenario == "lamp")))


def test_a_small_house_is_learnt_from_or_refused_with_our_error() -> None:
    """Few scenarios, cues that match nothing, writers of one label: never a foreign error."""
    examples = small_corpus().examples
    lost = tuple(replace(e, cues=(Cue(text="nowhere said", head="ask"),)) for e in examples)
    weights, _ = train(Corpus(examples=lost))
    assert weights.heads == ()
    apart = [
        e for e in examples if (e.scenario, e.label) in {("lamp", "other"), ("sofa", "request")}
    ]
    train(Corpus(examples=tuple(apart)))
    by_label = tuple(replace(e, writer=e.label) for e in examples)
    assert left_out(Corpus(examples=by_label), "writer").shape == (len(examples), len(LABELS))
    with pytest.raises(ClassifierError, match="two labels"):
        train(Corpus(examples=()))
    two = tuple(e for e in examples if e.scenario in {"lamp", "sofa"})
    with pytest.raises(ClassifierError, match="three scenarios"):
        left_out(Corpus(examples=two), "scenario")


def test_two_labels_are_enough() -> None:
    """A house may have its own two; the solver's short form is unfolded rightly."""
    examples = tuple(e for e in small_corpus().examples if e.label in LABELS[:2])
    corpus = Corpus(examples=examples)
    weights, told = train(corpus)
    assert accuracy(told, corpus, weights.labels) == 1.0


def test_users_labels_come_behind_the_shipped_ones() -> None:
    """The order decides when several fit."""
    names = ("zebra", "other", "complaint", "ant")
    corpus = [
        Example(document=Document(subject="a", body="b"), label=name, lang="", scenario="s")
        for name in names
    ]
    assert labels_of(corpus) == ("complaint", "other", "ant", "zebra")


def test_the_shipped_model_knows_the_shipped_labels(shipped: Model) -> None:
    """In the order that decides when several fit."""
    assert shipped.labels == LABELS
    assert shipped.version == shipped.manifest["version"]


@given(st.lists(st.builds(Document, subject=st.text(), body=st.text()), max_size=4))
@settings(deadline=None)  # the first use builds tables
def test_scores_hold_all_labels_and_sum_to_one(shipped: Model, documents: list[Document]) -> None:
    """On any text, and on no text at all."""
    answers = shipped.scores(documents)
    assert len(answers) == len(documents)
    for answer in answers:
        assert tuple(answer) == LABELS
        assert sum(answer.values()) == pytest.approx(1)
        assert all(0 <= value <= 1 for value in answer.values())


@pytest.mark.parametrize(
    ("label", "subject", "body"),
    [
        (
            "complaint",
            "Reclamo",
            "La lavatrice è arrivata rotta. Chiedo il rimborso, è la terza volta.",
        ),
        ("request", "Pytanie", "Dzień dobry, ile kosztuje karnet i w jakich godzinach otwarte?"),
        ("newsletter", "Only this week", "20% off everything! Shop now. Unsubscribe here."),
        ("other", "Dziękuję", "Dziękuję serdecznie, wszystko działa. Nie trzeba odpowiadać."),
    ],
)
def test_the_shipped_model_knows_the_plain_cases(
    shipped: Model, label: str, subject: str, body: str
) -> None:
    """The first day works."""
    scores = shipped.scores([Document(subject=subject, body=body)])[0]
    assert max(scores, key=lambda name: scores[name]) == label


def test_half_a_character_is_scored_like_any_text(shipped: Model) -> None:
    """Broken decoders leave lone surrogates, which no codec takes."""
    document = Document(subject="\ud800", body="refund \udfff\x00", sender="\ud800")
    assert sum(shipped.scores([document])[0].values()) == pytest.approx(1)
    assert shipped.reasons(document, "complaint")


def test_what_is_quoted_does_not_decide(shipped: Model) -> None:
    """The newest text is the sender's own."""
    own = "Could you send me the price list and the opening hours, please?"
    quoted = "\n\nOn 3 Nov 2026 Ann <a@reed.example> wrote:\n> I demand a refund, what a disgrace!"
    alone, replied = shipped.scores(
        [Document(subject="Re: list", body=own), Document(subject="Re: list", body=own + quoted)]
    )
    assert alone == pytest.approx(replied)


def test_reasons_name_words_of_the_mail(shipped: Model) -> None:
    """A person sees why, in the mail's own words."""
    document = Document(subject="Refund", body="I demand a refund, this is unacceptable.")
    reasons = shipped.reasons(document, "complaint", top=4)
    assert 0 < len(reasons) <= 4
    assert any("refund" in reason or "unacceptable" in reason for reason in reasons)


@given(st.builds(Document, subject=st.text(), body=st.text()), st.sampled_from(LABELS))
@settings(deadline=None, max_examples=50)
def test_reasons_never_raise(shipped: Model, document: Document, label: str) -> None:
    """On any text."""
    assert len(shipped.reasons(document, label, top=3)) <= 3


def test_use_needs_no_scikit_learn() -> None:
    """A reading child stays small: it loads numpy and the artifact."""
    script = (
        "import sys; from classifiers.predict import Model;"
        "from classifiers.documents import Document;"
        "Model.load().scores([Document(subject='a', body='b')]);"
        "sys.exit('sklearn' in sys.modules or 'scipy' in sys.modules or 'daemon' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", script], check=False).returncode == 0


def test_the_command_trains_and_evaluates(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The JSON holds what CLI.md promises; the model is there afterwards."""
    file, out = str(lines_file(tmp_path, corpus_lines())), str(tmp_path / "model")
    card = tmp_path / "card"
    known = ["--seed", "3", "--card", str(card), "--json"]
    assert main(["train", "--data", file, "--out", out, *known]) == 0
    trained = json.loads(capsys.readouterr().out)
    drawn = {"reliability.svg", "coverage.svg", "mistakes.md"}
    assert {one.name for one in card.iterdir()} == drawn
    assert trained["macro_f1_interval"][0] <= trained["macro_f1"] <= trained["macro_f1_interval"][1]
    assert trained["version"] == Model.load(out).version
    assert main(["evaluate", "--data", file, "--model", out, "--json"]) == 0
    said = capsys.readouterr()
    figures = json.loads(said.out)
    wanted = "n macro_f1 per_class coverage precision_at_coverage ece confusion by_language"
    assert set(wanted.split()) <= set(figures)
    assert set(figures["per_class"]["other"]) == {"precision", "recall", "f1", "n"}
    assert "trained on these very examples" in said.err


def test_the_command_shows_a_table_to_people(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Without --json."""
    file = str(lines_file(tmp_path, corpus_lines()))
    assert main(["evaluate", "--data", file]) == 0
    assert "macro F1" in capsys.readouterr().out


def test_the_command_ends_with_two_on_a_bad_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The message names file and line, stdout stays empty."""
    file = str(lines_file(tmp_path, [{"body": "b"}]))
    assert main(["evaluate", "--data", file]) == 2
    said = capsys.readouterr()
    assert f"{file}:1:" in said.err
    assert said.out == ""


def test_the_command_names_labels_that_the_model_does_not_know(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """No figure is made up for them."""
    file = str(lines_file(tmp_path, [{"body": "b", "label": "zebra"}]))
    assert main(["evaluate", "--data", file]) == 2
    assert "zebra" in capsys.readouterr().err
