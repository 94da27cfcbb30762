"""What must hold of the files of a model."""

import hashlib
import json
import zipfile
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from classifiers.artifact import MANIFEST, NUMBERS, load, save
from classifiers.errors import ArtifactMismatch, ArtifactMissing
from classifiers.predict import Model
from classifiers.weights import Weights
from tests.learning.small import small_corpus


def test_a_saved_model_says_what_it_said(folder: Path, trained: tuple[Weights, Any]) -> None:
    """Half precision changes nothing that matters."""
    model = Model(trained[0], {})
    documents = [example.document for example in small_corpus().examples]
    assert np.allclose(model.matrix(documents), Model.load(folder).matrix(documents), atol=2e-3)


def test_no_model_is_named_as_missing(tmp_path: Path) -> None:
    """The caller tells it from a bad one."""
    with pytest.raises(ArtifactMissing):
        load(tmp_path)


def test_numbers_without_their_manifest_are_missing_too(folder: Path) -> None:
    """Half a model is none."""
    (folder / NUMBERS).unlink()
    with pytest.raises(ArtifactMissing):
        load(folder)


def test_a_changed_byte_of_the_numbers_is_refused(folder: Path) -> None:
    """The checksum is looked at before anything is unpacked."""
    content = bytearray((folder / NUMBERS).read_bytes())
    content[len(content) // 2] ^= 1
    (folder / NUMBERS).write_bytes(content)
    with pytest.raises(ArtifactMismatch, match="not the one"):
        load(folder)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("format", 99),
        ("labels", ["complaint"]),
        ("temperature", "warm"),
        ("temperature", -1),
        ("features", {}),
        ("features", {"fingerprint": "other", "letter_lengths": [4]}),
        ("labels", "abcd"),
        ("labels", ["other", "other", "request", "complaint"]),
        ("temperature", 10**400),
        ("temperature", float("inf")),
        ("sha256", None),
    ],
)
def test_a_manifest_that_does_not_fit_is_refused(folder: Path, field: str, value: object) -> None:
    """Whatever is wrong, the error is ours."""
    manifest = json.loads((folder / MANIFEST).read_text())
    (folder / MANIFEST).write_text(json.dumps(manifest | {field: value}))
    with pytest.raises(ArtifactMismatch):
        load(folder)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("word_scale", float("nan")),
        ("word_scale", "x"),
        ("letter_lengths", ["a"]),
        ("letter_lengths", [0]),
        ("letter_lengths", [400]),
    ],
)
def test_settings_with_which_no_mail_can_be_read_are_refused(
    folder: Path, name: str, value: object
) -> None:
    """At the loading, not at the first mail."""
    manifest = json.loads((folder / MANIFEST).read_text())
    manifest["features"][name] = value
    (folder / MANIFEST).write_text(json.dumps(manifest))
    with pytest.raises(ArtifactMismatch):
        load(folder)


def packed(**changes: bytes) -> bytes:
    """A zip archive with the given members."""
    out = BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in changes.items():
            archive.writestr(f"{name}.npy", content)
    return out.getvalue()


def huge_shape() -> bytes:
    """An array's head that claims 400 terabytes."""
    out = BytesIO()
    shape = {"descr": "<f4", "fortran_order": False, "shape": (10**14,)}
    np.lib.format.write_array_header_1_0(out, shape)
    return out.getvalue()


@pytest.mark.parametrize(
    "numbers",
    [
        b"",
        packed(),
        packed(mail_steps=huge_shape()),
        packed(mail_steps=bytes(300_000_000)),
        packed(mail_steps=b"\x93NUMPY"),
        packed(mail_steps=bytes(400))[:60] + bytes(40) + packed(mail_steps=bytes(400))[100:],
    ],
    ids=["empty", "no members", "huge shape", "bomb", "cut head", "corrupt inside"],
)
def test_hostile_numbers_with_the_right_checksum_are_refused(folder: Path, numbers: bytes) -> None:
    """A checksum is no signature: anybody can write one."""
    manifest = json.loads((folder / MANIFEST).read_text())
    manifest["sha256"] = hashlib.sha256(numbers).hexdigest()
    (folder / MANIFEST).write_text(json.dumps(manifest))
    (folder / NUMBERS).write_bytes(numbers)
    with pytest.raises(ArtifactMismatch):
        load(folder)


@settings(max_examples=40)
@given(st.one_of(st.binary(), st.recursive(st.none() | st.text(), st.lists).map(json.dumps)))
def test_any_manifest_is_refused_with_our_error(
    tmp_path_factory: pytest.TempPathFactory, content: bytes | str
) -> None:
    """Parsers of strangers' bytes raise nothing else."""
    folder = tmp_path_factory.mktemp("model")
    raw = content if isinstance(content, bytes) else content.encode()
    (folder / MANIFEST).write_bytes(raw)
    with pytest.raises((ArtifactMismatch, ArtifactMissing)):
        load(folder)


def test_a_signed_model_opens_with_its_key_only(
    tmp_path: Path, trained: tuple[Weights, Any]
) -> None:
    """With a key given, an unsigned, foreign or changed manifest is refused."""
    save(tmp_path, trained[0], {"seed": 3}, key=b"house")
    assert load(tmp_path, key=b"house")[1]["seed"] == 3
    with pytest.raises(ArtifactMismatch, match="signature"):
        load(tmp_path, key=b"other")
    manifest = json.loads((tmp_path / MANIFEST).read_text())
    (tmp_path / MANIFEST).write_text(json.dumps(manifest | {"seed": 4}))
    with pytest.raises(ArtifactMismatch, match="signature"):
        load(tmp_path, key=b"house")


def test_an_unsigned_model_is_refused_when_a_key_is_given(folder: Path) -> None:
    """Leaving the signature out is no way round it."""
    with pytest.raises(ArtifactMismatch, match="signature"):
        load(folder, key=b"house")
