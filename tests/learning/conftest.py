"""A model of the small corpus, learnt once, and the shipped one."""

from pathlib import Path
from typing import Any

import pytest

from classifiers.artifact import save
from classifiers.predict import Model
from classifiers.train import train
from classifiers.weights import Weights
from tests.learning.small import small_corpus


@pytest.fixture(scope="session")
def trained() -> tuple[Weights, Any]:
    """A model of the small corpus, and what it says out of fold."""
    return train(small_corpus(), seed=3)


@pytest.fixture
def folder(tmp_path: Path, trained: tuple[Weights, Any]) -> Path:
    """The same, saved."""
    save(tmp_path / "model", trained[0], {"seed": 3})
    return tmp_path / "model"


@pytest.fixture(scope="session")
def shipped() -> Model:
    """The base model."""
    return Model.load()
