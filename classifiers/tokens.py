"""A batch of texts to arrays of hashed words, word pairs, stems, letters in a row, and cues.

No loop runs over words in Python: all texts lie in one byte buffer, and everything is a handful of
array operations on it (0.1 ms per mail of 1.1 k characters).
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from classifiers.cues import CUES
from classifiers.folding import fold

BUCKET_BITS = 18
BUCKETS = 1 << BUCKET_BITS
STEM_LENGTH = 5  # letters (bytes) of a word that its stem keeps
_CUE_BITS = 18
_CUE_SALT = 10  # a value under which no two cues share a slot; a test says when to look again
_FLAG_BITS = 16
_SHORTEST_STEM = 3  # bytes; no cue's stem is shorter
_LONGEST_WORD = 40  # bytes that are hashed; the rest of a longer word does not count
_LONGEST_PHRASE = 4  # words of a cue
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
        bucket: hashed feature, 0 to BUCKETS - 1 (cues: number of the group).
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


def cue_occurrences(words: Words) -> Occurrences:
    """Each cue of `classifiers.cues` that stands in the texts; the bucket is its group's number."""
    table, full = _cue_table(), prefix_hashes(words)
    everywhere = np.arange(len(full), dtype=np.intp)
    openings = np.flatnonzero(table.openings[_flag_slots(full)])
    starts = np.flatnonzero(table.starts[_flag_slots(prefix_hashes(words, _SHORTEST_STEM))])
    groups, numbers = [everywhere[:0]], [everywhere[:0]]
    for count, is_stem, stems in table.shapes:
        at = openings if count > 1 else starts if is_stem else everywhere
        found, group = _look_up(words, full, at[at + count <= len(full)], count, stems)
        numbers.append(found)
        groups.append(group)
    word = np.concatenate(numbers)
    return Occurrences(text=words.text[word], bucket=np.concatenate(groups), word=word)


def _look_up(
    words: Words, full: Hashes, at: Positions, count: int, stems: Positions
) -> tuple[Positions, Positions]:
    """Of the words at `at`, those that open a cue of `count` words, and the groups of these cues.

    The last word is looked up cut to each of the lengths `stems` (0: whole).
    """
    hashes = _phrase_hashes(words, full, at, count, stems)
    entry = _cue_table().entries[_cue_slots(hashes, count, stems)]
    first, which = np.nonzero(entry)
    entry, hashes = entry[first, which], hashes[first, which]
    known = entry >> 8 == _cue_tags(hashes)
    at, group, stem = at[first[known]], (entry[known] & 255).astype(np.intp), stems[which[known]]
    last = at + count - 1
    fits = (words.text[at] == words.text[last]) & (words.end[last] - words.begin[last] >= stem)
    return at[fits], group[fits]


def _phrase_hashes(
    words: Words, full: Hashes, at: Positions, count: int, stems: Positions
) -> Hashes:
    """Hash of the words from each of `at` on, the last cut to each stem: (places, stems)."""
    hashes = np.zeros(len(at), dtype=np.uint64)
    for place in range(count - 1):
        hashes = (hashes + full[at + place]) * _PAIR
    last = at + count - 1
    begin, end = words.begin[last, None], words.end[last, None]
    cut = np.where(stems > 0, np.minimum(begin + stems, end), end)
    return hashes[:, None] + (words.sums[cut] - words.sums[begin])


def cue_entries() -> list[tuple[int, list[str], int]]:
    """All cues as (number of the group, words, bytes of the last word's stem or 0)."""
    entries = []
    for number, listed in enumerate(CUES.values()):
        for entry, end in re.findall(r"([^|*]+)([|*]?)", listed):
            spelled = [word for word in split_words(fold(entry)) if word][:_LONGEST_PHRASE]
            if spelled:
                stem = len(spelled[-1].encode()) if end == "*" else 0
                entries.append((number, spelled, stem))
    return entries


@dataclass(frozen=True, slots=True, kw_only=True)
class _CueTable:
    """All cues, hashed.

    Attributes:
        shapes: words of the phrase, whether its last is a stem, and the bytes of the stem (0).
        entries: slot -> tag and group's number (low 8 bits), 0 for none.
        openings: flags of the first words of phrases.
        starts: flags of the first bytes of stems.
    """

    shapes: tuple[tuple[int, bool, Positions], ...]
    entries: NDArray[np.int32]
    openings: NDArray[np.bool_]
    starts: NDArray[np.bool_]


@cache
def _cue_table() -> _CueTable:
    """The table of `classifiers.cues`, made once per process."""
    shapes = set[tuple[int, int]]()
    entries = np.zeros(1 << _CUE_BITS, dtype=np.int32)
    openings, starts = np.zeros((2, 1 << _FLAG_BITS), dtype=np.bool_)
    listed = cue_entries()
    words = read_words([" ".join(spelled).encode() for _, spelled, _ in listed])
    full, start = prefix_hashes(words), prefix_hashes(words, _SHORTEST_STEM)
    for (group, spelled, stem), first in zip(listed, words.first, strict=True):
        count, stems, at = len(spelled), np.array([stem]), np.array([first])
        hashes = _phrase_hashes(words, full, at, count, stems)
        shapes.add((count, stem))
        entries[_cue_slots(hashes, count, stems)] = (_cue_tags(hashes) << 8) | group
        openings[_flag_slots(full[at])] |= len(spelled) > 1
        starts[_flag_slots(start[at])] |= stem > 0
    return _CueTable(shapes=_by_count(shapes), entries=entries, openings=openings, starts=starts)


def _by_count(shapes: set[tuple[int, int]]) -> tuple[tuple[int, bool, Positions], ...]:
    """The lengths of stems for each number of words, so that one look finds them all."""
    kinds = sorted({(count, stem > 0) for count, stem in shapes})
    return tuple(
        (count, is_stem, np.array(sorted(s for c, s in shapes if (c, s > 0) == (count, is_stem))))
        for count, is_stem in kinds
    )


def _cue_slots(hashes: Hashes, count: int, stems: Positions) -> Positions:
    """Slot of each hash in the table of cues; other shapes have other slots."""
    shape = (count * 64 + stems + _CUE_SALT).astype(np.uint64)
    odd = shape * np.uint64(0xD6E8FEB86659FD93) | np.uint64(1)
    return ((hashes * odd) >> np.uint64(64 - _CUE_BITS)).astype(np.intp)


def _cue_tags(hashes: Hashes) -> NDArray[np.int32]:
    """A second look at each hash, 1 to 65,536: a slot alone would take strange words for cues."""
    return ((hashes * _GOLDEN) >> np.uint64(48)).astype(np.int32) + 1


def _flag_slots(hashes: Hashes) -> Positions:
    """Slot of each hash among the flags."""
    return ((hashes * _MIXER) >> np.uint64(64 - _FLAG_BITS)).astype(np.intp)
