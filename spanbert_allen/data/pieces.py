"""
Words to word pieces, exactly as the original BERT tokenizer makes them.

The tokenizers of the `transformers` library differ from it: the slow one composes characters first
(NFC), both cut special strings such as [SEP] out of the middle of a word. So the basic step is
written out here, and only the longest-match step is the `tokenizers` library's.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import accumulate, groupby, pairwise, starmap
from typing import NamedTuple, TypeVar

from tokenizers.models import WordPiece

from spanbert_allen.common.errors import DataError
from spanbert_allen.common.spans import CharSpan
from spanbert_allen.encoders import EncoderFiles, WordPieceVocabulary
from spanbert_allen.encoders.vocabulary import SPECIAL_PIECES

MAX_CHARACTERS = 100
"""A longer stretch without space and punctuation becomes one [UNK]."""

_Made = TypeVar("_Made")
_MOST_KNOWN = 100_000
"""How many words to remember, about 30 MB: those that return are cut anew soon after."""
_CJK_RANGES = (
    (0x4E00, 0x9FFF),
    (0x3400, 0x4DBF),
    (0x20000, 0x2A6DF),
    (0x2A700, 0x2B73F),
    (0x2B740, 0x2B81F),
    (0x2B820, 0x2CEAF),
    (0xF900, 0xFAFF),
    (0x2F800, 0x2FA1F),
)
_ASCII_PUNCTUATION = ((33, 47), (58, 64), (91, 96), (123, 126))
_SPECIAL = frozenset(SPECIAL_PIECES)


@dataclass(frozen=True, kw_only=True)
class BasicStep:
    """
    The step before the word pieces: clean a text, and cut it at white space and punctuation.

    It holds nothing but its settings, so it costs next to nothing to send to another process.

    # Parameters

    lower_case, strip_accents, space_cjk, keep_special_strings : `bool`
        As for `PieceTokenizer`.
    kept_strings : `frozenset[str]`, optional
        The strings that `keep_special_strings` keeps whole; by default BERT's special pieces.
    """

    lower_case: bool
    strip_accents: bool
    space_cjk: bool = True
    keep_special_strings: bool = True
    kept_strings: frozenset[str] = _SPECIAL

    def parts(self, text: str) -> list[str]:
        """Return the parts of a text, none of them empty, cut at white space and punctuation."""
        if text.isascii() and text.isalnum():  # nearly every word: nothing to clean or to cut
            return [text.lower() if self.lower_case else text]
        parts: list[str] = []
        for part in text.translate(_cleaning(self.space_cjk)).split():
            if self._is_kept(part):
                parts.append(part)
            else:
                parts.extend(self._plain(part).translate(_PUNCTUATION).split())
        return parts

    def located(self, text: str) -> Iterator[tuple[str, list[int]]]:
        """Yield what `parts` returns, with the place in the text of each character."""
        if text.isascii() and text.isalnum():
            yield text.lower() if self.lower_case else text, list(range(len(text)))
            return
        cleaning = _cleaning(self.space_cjk)
        cleaned = ((c.translate(cleaning), i) for i, c in enumerate(text))
        for part, sources in _split([(c, i) for characters, i in cleaned for c in characters]):
            if self._is_kept(part):
                yield part, sources
                continue
            # The same number of characters as all together, whose forms may depend on neighbours.
            origins = [i for c, i in zip(part, sources, strict=True) for _ in self._plain(c)]
            plain = zip(self._plain(part), origins, strict=True)
            yield from _split([(c, i) for one, i in plain for c in one.translate(_PUNCTUATION)])

    def _is_kept(self, part: str) -> bool:
        return self.keep_special_strings and part in self.kept_strings

    def _plain(self, part: str) -> str:
        if self.lower_case:
            part = part.lower()
        return _without_accents(part) if self.strip_accents else part


class PieceTokenizer:
    """
    The word pieces of words, each word on its own, and remembered.

    # Parameters

    vocabulary : `WordPieceVocabulary`
        The pieces.
    lower_case : `bool`
        Whether to lower-case first.
    strip_accents : `bool`, optional (default = `None`)
        Whether to take the accents off; `None` means: when lower-casing, as BERT does.
    space_cjk : `bool`, optional (default = `True`)
        Whether every Chinese character is a piece of its own.
    keep_special_strings : `bool`, optional (default = `True`)
        Whether [UNK], [SEP], [PAD], [CLS] and [MASK], standing free between white space, become the
        special pieces, as in the original, and so do tokens that were added to the vocabulary.
        `False` takes them for ordinary text.
    """

    def __init__(
        self,
        vocabulary: WordPieceVocabulary,
        *,
        lower_case: bool,
        strip_accents: bool | None = None,
        space_cjk: bool = True,
        keep_special_strings: bool = True,
    ):
        self.vocabulary = vocabulary.pieces
        self._ids = {piece: i for i, piece in enumerate(vocabulary.pieces)}
        self.basic = BasicStep(
            lower_case=lower_case,
            strip_accents=lower_case if strip_accents is None else strip_accents,
            space_cjk=space_cjk,
            keep_special_strings=keep_special_strings,
            kept_strings=_SPECIAL | vocabulary.added,
        )
        self._word_piece = WordPiece(
            self._ids,
            unk_token="[UNK]",
            max_input_chars_per_word=MAX_CHARACTERS,
            continuing_subword_prefix="##",
        )
        # Characters that a piece stands for; nobody knows how many that are for [UNK].
        self._lengths = [len(piece.removeprefix("##")) for piece in vocabulary.pieces]
        self._lengths[self._ids["[UNK]"]] = 0
        self._known: dict[str, tuple[int, ...]] = {}
        self._known_places: dict[str, tuple[CharSpan, ...]] = {}

    @classmethod
    def from_files(
        cls, files: EncoderFiles, *, keep_special_strings: bool = True
    ) -> PieceTokenizer:
        """Return the tokenizer that the files of an encoder describe."""
        config = files.tokenizer_config
        return cls(
            files.vocabulary,
            lower_case=files.lower_case,
            strip_accents=config.get("strip_accents"),
            space_cjk=bool(config.get("tokenize_chinese_chars", True)),
            keep_special_strings=keep_special_strings,
        )

    def id_of(self, piece: str) -> int:
        """Return the id of a piece; raise a `DataError` if the vocabulary does not have it."""
        if piece not in self._ids:
            raise DataError(f"`{piece}` is not in the vocabulary of {len(self._ids)} word pieces")
        return self._ids[piece]

    def pieces_of(self, text: str) -> tuple[int, ...]:
        """
        Return the ids of the pieces of a text, which is not remembered.

        A text of control characters only has none. White space in it is where it is cut first.
        """
        return self._cut(text)

    def pieces_of_each(self, words: Sequence[str]) -> list[tuple[int, ...]]:
        """Return the ids of the pieces of many words; each different word is cut once."""
        return _of_each(words, self._known, self._cut)

    def places_of_each(self, words: Sequence[str]) -> list[tuple[CharSpan, ...]]:
        """
        Return the characters of its word that each piece stands for, for many words.

        The pieces are those of `pieces_of_each`. Characters that the cleaning drops are inside a
        span or in none.
        """
        return _of_each(words, self._known_places, lambda word: tuple(self._places(word)))

    def tokenize(self, text: str) -> list[str]:
        """Return the pieces of a text as strings."""
        return [self.vocabulary[i] for i in self._cut(text)]

    def _cut(self, text: str) -> tuple[int, ...]:
        return tuple(
            token.id for part in self.basic.parts(text) for token in self._word_piece.tokenize(part)
        )

    def _places(self, text: str) -> Iterator[CharSpan]:
        ends = list(accumulate(self._lengths[i] for i in self.pieces_of_each((text,))[0]))
        if text.isascii() and ends[-1:] == [len(text)]:  # no character was dropped or is unknown
            yield from starmap(CharSpan, pairwise([0, *ends]))
            return
        for part, sources in self.basic.located(text):
            tokens = self._word_piece.tokenize(part)
            start = 0
            for token in tokens:
                # The only token may be [UNK], which stands for the whole part.
                length = len(part) if len(tokens) == 1 else len(token.value.removeprefix("##"))
                yield CharSpan(sources[start], sources[start + length - 1] + 1)
                start += length


class SpecialPieces(NamedTuple):
    """The ids of the word pieces that stand around and between texts."""

    cls: int
    sep: int

    @classmethod
    def of(cls, tokenizer: PieceTokenizer) -> SpecialPieces:
        """Return the ids in the vocabulary of a tokenizer."""
        return cls(tokenizer.id_of("[CLS]"), tokenizer.id_of("[SEP]"))


def _of_each(
    words: Sequence[str], known: dict[str, _Made], make: Callable[[str], _Made]
) -> list[_Made]:
    """Return what is made of each word, once for each different one; long ones are forgotten."""
    if len(known) > _MOST_KNOWN:
        known.clear()
    long: list[str] = []
    for word in words:
        if word not in known:
            known[word] = make(word)
            if len(word) > MAX_CHARACTERS:  # rather a text than a word, which does not return
                long.append(word)
    made = list(map(known.__getitem__, words))
    for word in long:
        del known[word]
    return made


class _Cleaning(dict[int, str]):
    """A table for `str.translate`, filled as characters turn up: what each one becomes."""

    def __init__(self, *, space_cjk: bool):
        super().__init__()
        self._space_cjk = space_cjk

    def __missing__(self, code: int) -> str:
        character = chr(code)
        if character in " \t\n\r":
            replacement = " "
        elif code in (0, 0xFFFD) or unicodedata.category(character).startswith("C"):
            replacement = ""
        elif unicodedata.category(character) == "Zs":
            replacement = " "
        elif self._space_cjk and _is_in(code, _CJK_RANGES):
            replacement = f" {character} "
        else:
            replacement = character
        self[code] = replacement
        return replacement


@cache
def _cleaning(space_cjk: bool) -> _Cleaning:
    return _Cleaning(space_cjk=space_cjk)


class _Punctuation(dict[int, str]):
    """The same for the second cut: punctuation gets a space on both sides."""

    def __missing__(self, code: int) -> str:
        character = chr(code)
        is_punctuation = _is_in(code, _ASCII_PUNCTUATION) or unicodedata.category(
            character
        ).startswith("P")
        self[code] = replacement = f" {character} " if is_punctuation else character
        return replacement


_PUNCTUATION = _Punctuation()


def _split(located: Iterable[tuple[str, int]]) -> Iterator[tuple[str, list[int]]]:
    """`str.split` for characters that know where they come from."""
    for is_space, run in groupby(located, key=lambda one: one[0].isspace()):
        if not is_space:
            characters, sources = zip(*run, strict=True)
            yield "".join(characters), list(sources)


def _is_in(code: int, ranges: Iterable[tuple[int, int]]) -> bool:
    return any(first <= code <= last for first, last in ranges)


def _without_accents(text: str) -> str:
    decomposed = unicodedata.normalize("NFD", text)
    return "".join(c for c in decomposed if unicodedata.category(c) != "Mn")
