"""A trained model to two files and back: `model.npz` (numbers) and `model.json` (what they are).

Nothing in them can run: no pickle, and every mismatch is refused.
"""

import dataclasses
import hashlib
import hmac
import json
import math
import os
import zipfile
import zlib
from collections.abc import Mapping
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from classifiers.errors import ArtifactMismatch, ArtifactMissing
from classifiers.features import (
    SENTENCE_WIDTH,
    WIDTH,
    FeatureSettings,
)
from classifiers.pooling import VIEWS, final_width
from classifiers.structure import SENTENCE_SIGNS, SIGNS
from classifiers.weights import Linear, Weights

FORMAT = 3
NUMBERS, MANIFEST = "model.npz", "model.json"
_LONGEST_RUN = 8  # letters
_MOST_UNPACKED = 256 * 1024 * 1024
_UNREADABLE = (
    KeyError,
    TypeError,
    ValueError,
    OSError,
    EOFError,
    OverflowError,
    MemoryError,  # a header may claim any shape
    RuntimeError,  # an encrypted archive; NotImplementedError is one too
    zlib.error,
    zipfile.BadZipFile,
)
_MOST_BYTES = 64 * 1024 * 1024  # of one file; a larger one is not ours


def save(folder: Path, weights: Weights, notes: dict[str, Any], *, key: bytes | None = None) -> str:
    """Writes the artifact: temporary files, then renamed, the manifest last.

    Args:
        folder: made when it is not there.
        weights: what training found.
        notes: kept in the manifest as they are (corpus, seed, figures, versions); JSON only.
        key: signs the manifest (HMAC-SHA-256), and by its checksum the numbers.

    Returns:
        The model's version, which follows from its content.
    """
    numbers = _pack(weights)
    digest = hashlib.sha256(numbers).hexdigest()
    manifest: dict[str, Any] = {
        "format": FORMAT,
        "version": f"{FORMAT}-{digest[:12]}",
        "labels": list(weights.labels),
        "heads": list(weights.heads),
        "sha256": digest,
        "features": {
            **dataclasses.asdict(weights.settings),
            "letter_lengths": list(weights.settings.letter_lengths),
            "fingerprint": _fingerprint(),
        },
        "temperature": weights.temperature,
        **notes,
    }
    if key is not None:
        manifest["signature"] = _signature(manifest, key)
    folder.mkdir(parents=True, exist_ok=True)
    _replace(folder / NUMBERS, numbers)
    _replace(folder / MANIFEST, json.dumps(manifest, indent=2, sort_keys=True).encode() + b"\n")
    return str(manifest["version"])


def load(folder: Path, *, key: bytes | None = None) -> tuple[Weights, dict[str, Any]]:
    """The weights and the manifest.

    Args:
        folder: holds the two files.
        key: when given, the signature must be there and be right.

    Raises:
        ArtifactMissing: one of the files is not there.
        ArtifactMismatch: format, checksum, signature, features or shapes do not fit.
    """
    manifest = _read_manifest(folder / MANIFEST)
    if key is not None and not _is_signed(manifest, key):
        raise ArtifactMismatch(f"{folder}: the signature is missing or was made with another key")
    if manifest.get("format") != FORMAT:
        raise ArtifactMismatch(f"{folder}: format {manifest.get('format')!r}, {FORMAT} is wanted")
    numbers = _read(folder / NUMBERS)
    if hashlib.sha256(numbers).hexdigest() != manifest.get("sha256"):
        raise ArtifactMismatch(f"{folder}: {NUMBERS} is not the one that {MANIFEST} describes")
    return _unpack(numbers, manifest, folder), manifest


def _pack(weights: Weights) -> bytes:
    """The numbers as npz; half precision is ten times finer than what training can tell."""
    out = BytesIO()
    parts = {"mail": weights.mail, "sentence": weights.sentence}
    arrays: dict[str, Any] = {
        f"{name}_{what}": array
        for name, part in parts.items()
        for what, array in (
            ("steps", np.diff(part.columns, prepend=0).astype(np.uint32)),
            ("weights", part.weights.astype(np.float16)),
            ("intercept", part.intercept.astype(np.float32)),
        )
    }
    np.savez_compressed(
        out,
        **arrays,
        final=weights.final.astype(np.float32),
        final_intercept=weights.final_intercept.astype(np.float32),
    )
    return out.getvalue()


def _unpack(numbers: bytes, manifest: dict[str, Any], folder: Path) -> Weights:
    """The weights, with every shape checked."""
    try:
        _check_sizes(numbers)
        with np.load(BytesIO(numbers), allow_pickle=False) as arrays:
            mail, sentence = (_linear(arrays, name) for name in ("mail", "sentence"))
            final = arrays["final"].astype(np.float32)
            final_intercept = arrays["final_intercept"].astype(np.float32)
        features = dict(manifest["features"])
        fingerprint = features.pop("fingerprint")
        features["letter_lengths"] = tuple(features["letter_lengths"])
        weights = Weights(
            labels=_names(manifest["labels"]),
            heads=_names(manifest["heads"]),
            mail=mail,
            sentence=sentence,
            final=final,
            final_intercept=final_intercept,
            temperature=float(manifest["temperature"]),
            settings=FeatureSettings(**features),
        )
        _check(weights.settings)
    except _UNREADABLE as error:
        raise ArtifactMismatch(f"{folder}: cannot be read: {error}") from error
    if not _fits(weights):
        raise ArtifactMismatch(f"{folder}: the shapes do not fit the labels or the features")
    if fingerprint != _fingerprint():
        raise ArtifactMismatch(f"{folder}: made for other features; train it again")
    if not (_is_finite(weights) and 0 < weights.temperature < math.inf):
        raise ArtifactMismatch(f"{folder}: numbers that are none")
    return weights


def _names(listed: object) -> tuple[str, ...]:
    """Names of labels or heads, each once."""
    if not isinstance(listed, list) or not all(isinstance(name, str) for name in listed):
        raise TypeError("a list of names is wanted")
    if len(set(listed)) < len(listed):
        raise ValueError("a name stands twice")
    return tuple(listed)


def _check(settings: FeatureSettings) -> None:
    """Refuse settings with which no row can be built."""
    scales = [getattr(settings, field.name) for field in dataclasses.fields(settings)][1:]
    if not all(isinstance(scale, int | float) and math.isfinite(scale) for scale in scales):
        raise ValueError("scales of features must be numbers")
    lengths: tuple[Any, ...] = settings.letter_lengths  # as the file says, so far
    if not all(isinstance(length, int) and 1 <= length <= _LONGEST_RUN for length in lengths):
        raise ValueError(f"letters in a row must be 1 to {_LONGEST_RUN}")


def _check_sizes(numbers: bytes) -> None:
    """Refuse an archive that unpacks to more than a model can be."""
    with zipfile.ZipFile(BytesIO(numbers)) as archive:
        if sum(member.file_size for member in archive.infolist()) > _MOST_UNPACKED:
            raise ValueError(f"unpacks to more than {_MOST_UNPACKED} bytes")


def _linear(arrays: Mapping[str, NDArray[Any]], name: str) -> Linear:
    """One part of the numbers."""
    return Linear(
        columns=np.cumsum(arrays[f"{name}_steps"].astype(np.int64)).astype(np.int32),
        weights=arrays[f"{name}_weights"].astype(np.float32),
        intercept=arrays[f"{name}_intercept"].astype(np.float32),
    )


def _fits(weights: Weights) -> bool:
    """Whether all shapes agree."""
    labels, heads = len(weights.labels), len(weights.heads)
    width = final_width(labels, heads)
    return (
        labels > 1
        and _part_fits(weights.mail, labels, WIDTH)
        and _part_fits(weights.sentence, heads, SENTENCE_WIDTH)
        and weights.final.shape == (width, labels)
        and weights.final_intercept.shape == (labels,)
    )


def _part_fits(part: Linear, answers: int, width: int) -> bool:
    many = len(part.columns)
    return (
        part.weights.shape == (many, answers)
        and part.intercept.shape == (answers,)
        and (not many or (part.columns.min() >= 0 and part.columns.max() < width))
    )


def _is_finite(weights: Weights) -> bool:
    """Whether every number is one."""
    parts = (weights.mail, weights.sentence)
    arrays = [array for part in parts for array in (part.weights, part.intercept)]
    return all(
        bool(np.isfinite(array).all())
        for array in (*arrays, weights.final, weights.final_intercept)
    )


def _fingerprint() -> str:
    """Changes with the names of the signs and the views; all else is part of `FORMAT`."""
    names = (str(WIDTH), *SIGNS, *SENTENCE_SIGNS, *VIEWS)
    return hashlib.sha256("\n".join(names).encode()).hexdigest()[:16]


def _signature(manifest: dict[str, Any], key: bytes) -> str:
    """HMAC-SHA-256 over the manifest without its signature."""
    signed = {name: value for name, value in manifest.items() if name != "signature"}
    return hmac.new(key, json.dumps(signed, sort_keys=True).encode(), hashlib.sha256).hexdigest()


def _is_signed(manifest: dict[str, Any], key: bytes) -> bool:
    signature = manifest.get("signature")
    return isinstance(signature, str) and hmac.compare_digest(
        signature.encode(), _signature(manifest, key).encode()
    )


def _read_manifest(file: Path) -> dict[str, Any]:
    try:
        manifest = json.loads(_read(file))
    except (ValueError, RecursionError) as error:
        raise ArtifactMismatch(f"{file}: no JSON: {error}") from error
    if not isinstance(manifest, dict):
        raise ArtifactMismatch(f"{file}: no JSON object")
    return manifest


def _read(file: Path) -> bytes:
    try:
        if file.stat().st_size > _MOST_BYTES:
            raise ArtifactMismatch(f"{file}: larger than {_MOST_BYTES} bytes")
        return file.read_bytes()
    except OSError as error:
        raise ArtifactMissing(f"{file}: {error.strerror or error}") from error


def _replace(file: Path, content: bytes) -> None:
    """Writes the file so that it is the old one or the new one, never half of either."""
    temporary = file.with_name(f".{file.name}.new")
    with temporary.open("wb") as out:
        out.write(content)
        out.flush()
        os.fsync(out.fileno())
    temporary.replace(file)
