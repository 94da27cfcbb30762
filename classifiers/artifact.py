"""A trained model to two files and back: `model.npz` (numbers) and `model.json` (what they are).

Nothing in them can run: no pickle, and every mismatch is refused.
"""

import dataclasses
import hashlib
import hmac
import json
import os
import zipfile
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from classifiers.errors import ArtifactMismatch, ArtifactMissing
from classifiers.features import DENSE_NAMES, WIDTH, FeatureSettings

FORMAT = 1
NUMBERS, MANIFEST = "model.npz", "model.json"
_MOST_BYTES = 64 * 1024 * 1024  # of one file; a larger one is not ours


@dataclass(frozen=True, slots=True, kw_only=True)
class Weights:
    """What training found.

    Attributes:
        labels: in the order of the weights' columns.
        columns: columns of a row that count, ascending, (m,).
        weights: (m, labels). intercept: (labels,).
        temperature: divides the sums before the softmax; calibrates the probabilities.
        settings: how rows must be built.
    """

    labels: tuple[str, ...]
    columns: NDArray[np.int32]
    weights: NDArray[np.float32]
    intercept: NDArray[np.float32]
    temperature: float
    settings: FeatureSettings


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
    np.savez_compressed(
        out,
        steps=np.diff(weights.columns, prepend=0).astype(np.uint32),
        weights=weights.weights.astype(np.float16),
        intercept=weights.intercept.astype(np.float32),
    )
    return out.getvalue()


def _unpack(numbers: bytes, manifest: dict[str, Any], folder: Path) -> Weights:
    """The weights, with every shape checked."""
    try:
        with np.load(BytesIO(numbers), allow_pickle=False) as arrays:
            columns = np.cumsum(arrays["steps"].astype(np.int64))
            weights = arrays["weights"].astype(np.float32)
            intercept = arrays["intercept"].astype(np.float32)
        features = dict(manifest["features"])
        fingerprint = features.pop("fingerprint")
        features["letter_lengths"] = tuple(features["letter_lengths"])
        settings = FeatureSettings(**features)
        labels = tuple(str(label) for label in manifest["labels"])
        temperature = float(manifest["temperature"])
    except (KeyError, TypeError, ValueError, OSError, zipfile.BadZipFile) as error:
        raise ArtifactMismatch(f"{folder}: cannot be read: {error}") from error
    many = len(labels)
    fits = weights.shape == (len(columns), many) and intercept.shape == (many,)
    if not fits or many <= 1 or (len(columns) and columns[-1] >= WIDTH):
        raise ArtifactMismatch(f"{folder}: the shapes do not fit the labels or the features")
    if fingerprint != _fingerprint():
        raise ArtifactMismatch(f"{folder}: made for other features; train it again")
    if not (np.isfinite(weights).all() and np.isfinite(intercept).all() and temperature > 0):
        raise ArtifactMismatch(f"{folder}: numbers that are none")
    return Weights(
        labels=labels,
        columns=columns.astype(np.int32),
        weights=weights,
        intercept=intercept,
        temperature=temperature,
        settings=settings,
    )


def _fingerprint() -> str:
    """Changes when the dense block changes its meaning; the hashing is part of `FORMAT`."""
    return hashlib.sha256("\n".join((str(WIDTH), *DENSE_NAMES)).encode()).hexdigest()[:16]


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
