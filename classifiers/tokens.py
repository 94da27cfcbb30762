"""A batch of texts to arrays of hashed words, word pairs, stems and letters in a row.

No loop runs over words in Python: all texts lie in one byte buffer, and everything is a handful of
array operations on it (0.1 ms per mail of 1.1 k characters).
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

BUCKET_BITS = 18
BUCKETS = 1 << BUCKET_BITS
STEM_LENGTH = 5  # letters (bytes) of a word that its stem keeps
_LONGEST_WORD = 40  # bytes that are hashed; the rest of a longer word does not count
_GOLDEN = np.uint64(0x9E3779B97F4A7C15)
_MIXER = np.uint64(0xD6E8FEB86659FD93)
_PAIR = np.uint64(0xA0761D6478BD642F)
_PUNCTUATION = re.compile("[\u00a0-\u00bf\u2000-\u2bff]+")  # Latin 1 signs, dashes, quotes, arrows

Hashes = NDArray[np.uint64]
Positions = NDArray[np.intp]


def _letters() -> bytes:
    """Each byte to itself, to 0 for a digit, or to a blank for punctuation."""
    table = bytearray(b" " * 256)
    table[ord("0") : ord("9") + 1] = b"0" * 10
    for code in (*range(ord("a"), ord("z") + 1), *range(128, 256)):
        table[code] = code
    return bytes(table)


_LETTERS = _letters()
_BLANK = ord(" ")


def normalise(folded: str) -> bytes:
    """Folded text as UTF-8 words with one blank between them, each digit as 0."""
    if not folded.isascii():
        folded = _PUNCTUATION.sub(" ", folded)
    return b" ".join(folded.encode("utf-8", "replace").translate(_LETTERS).split())


def normalise_lines(folded: str) -> list[bytes]:
    """What `normalise` gives of each line."""
    if not folded.isascii():
        folded = _PUNCTUATION.sub(" ", folded)
    lines = folded.encode("utf-8", "replace").split(b"\n")
    return [b" ".join(line.translate(_LETTERS).split()) for line in lines]


def split_words(folded: str) -> list[str]:
    """The words of `normalise` in the same order, readable."""
    return normalise(folded).decode("utf-8", "replace").split(" ")


@dataclass(frozen=True, slots=True, kw_only=True)
class Occurrences:
    """Where a family of features occurs in a batch; three arrays of one length.

    Attributes:
        text: number of the text in the batch.
        bucket: hashed feature, 0 to BUCKETS - 1.
        word: number of the (first) word in the whole batch.
    """

    text: Positions
    bucket: Positions
    word: Positions


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """The words of a batch of texts, ready to be counted.

    Attributes:
        buffer: all texts, each between blanks.
        begin: buffer position of each word. end: the position after it.
        text: number of the text each word belongs to. first: number of each text's first word.
        sums: running sums of the words' letters, so that any prefix's hash is one difference.
    """

    buffer: NDArray[np.uint8]
    begin: Positions
    end: Positions
    text: Positions
    first: Positions
    sums: Hashes


def read_words(texts: Sequence[bytes]) -> Words:
    """The words of texts that `normalise` gave."""
    joined = b" " + b" ".join(texts) + b" "
    buffer = np.frombuffer(joined, dtype=np.uint8)
    letter = buffer != _BLANK
    step = np.flatnonzero(letter[1:] != letter[:-1]) + 1
    begin, end = step[0::2], step[1::2]
    lengths = np.fromiter((len(text) + 1 for text in texts), dtype=np.intp, count=len(texts))
    starts = np.cumsum(lengths) - lengths + 1
    text = np.searchsorted(starts, begin, side="right") - 1
    return Words(
        buffer=buffer,
        begin=begin,
        end=end,
        text=text,
        first=np.searchsorted(begin, starts),
        sums=_letter_sums(buffer, begin),
    )


def _letter_sums(buffer: NDArray[np.uint8], begin: Positions) -> Hashes:
    """Running sums of letter times power of its place in the word, wrapping at 2**64."""
    place = np.arange(len(buffer), dtype=np.intp)
    place -= np.repeat(
        np.concatenate(([0], begin)), np.diff(np.concatenate(([0], begin, [len(buffer)])))
    )
    value = _letter_table()[buffer] * _powers()[np.minimum(place, _LONGEST_WORD)]
    sums = np.zeros(len(buffer) + 1, dtype=np.uint64)
    np.cumsum(value, out=sums[1:])
    return sums


@cache
def _letter_table() -> Hashes:
    """A fixed odd random number per byte (splitmix64)."""
    code = np.arange(1, 257, dtype=np.uint64) * _GOLDEN
    code = (code ^ (code >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    code = (code ^ (code >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    odd: Hashes = (code ^ (code >> np.uint64(31))) | np.uint64(1)
    return odd


@cache
def _powers() -> Hashes:
    """Powers of an odd number; 0 from `_LONGEST_WORD` on."""
    powers: Hashes = np.cumprod(np.full(_LONGEST_WORD + 1, _MIXER), dtype=np.uint64)
    powers[_LONGEST_WORD] = 0
    return powers


def prefix_hashes(words: Words, length: int | None = None) -> Hashes:
    """Hash of the first `length` bytes of each word (fewer in a shorter word), None: of all."""
    end = words.end if length is None else np.minimum(words.begin + length, words.end)
    hashes: Hashes = words.sums[end] - words.sums[words.begin]
    return hashes


def to_buckets(hashes: Hashes, seed: int, bits: int = BUCKET_BITS) -> Positions:
    """Hashes to numbers of `bits` bits; other seeds give independent numbers."""
    mixed = (hashes ^ (hashes >> np.uint64(29))) + np.uint64(seed * 0x9E3779B97F4A7C15 % 2**64)
    mixed *= _MIXER
    mixed ^= mixed >> np.uint64(32)
    mixed *= _GOLDEN
    return (mixed >> np.uint64(64 - bits)).astype(np.intp)


def single(words: Words, hashes: Hashes, seed: int) -> Occurrences:
    """Each word as one feature."""
    numbers = np.arange(len(words.begin), dtype=np.intp)
    return Occurrences(text=words.text, bucket=to_buckets(hashes, seed), word=numbers)


def pairs(words: Words, hashes: Hashes, seed: int) -> Occurrences:
    """Each two neighbouring words of one text as one feature."""
    both = hashes[:-1] * _PAIR + hashes[1:]
    numbers = np.flatnonzero(words.text[:-1] == words.text[1:])
    return Occurrences(
        text=words.text[numbers], bucket=to_buckets(both[numbers], seed), word=numbers
    )


def letters(words: Words, length: int, seed: int) -> Occurrences:
    """Each `length` bytes in a row inside a word and the blanks round it as one feature."""
    table, size = _letter_table(), len(words.buffer) - length + 1
    if size <= 0 or not len(words.begin):
        nothing = np.zeros(0, dtype=np.intp)
        return Occurrences(text=nothing, bucket=nothing, word=nothing)
    values = table[words.buffer]
    hashes = np.zeros(size, dtype=np.uint64)
    for offset in range(length):
        hashes = hashes * _PAIR + values[offset : offset + size]
    word = _word_of(words)[:size]  # a blank belongs to the word it precedes
    place = np.arange(size)
    inside = place + length <= words.end[word] + 1  # one blank after the word may be in
    at = np.flatnonzero(inside & (place >= words.begin[word] - 1))  # and one before it
    chosen = word[at]
    return Occurrences(text=words.text[chosen], bucket=to_buckets(hashes[at], seed), word=chosen)


def _word_of(words: Words) -> Positions:
    """The number of the word that each buffer position is in or directly before."""
    size = len(words.buffer)
    edges = np.concatenate(([0], words.end[:-1], [size]))
    return np.repeat(np.arange(len(words.begin), dtype=np.intp), np.diff(edges))
