"""Raw text into words and sentences, with the place of every word in the text as given."""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Sequence
from importlib.util import find_spec
from itertools import pairwise
from pkgutil import iter_modules
from threading import Lock
from typing import Any, NamedTuple

from spanbert_allen.common.errors import ConfigError
from spanbert_allen.common.record_checks import shown
from spanbert_allen.common.spans import CharSpan

# spaCy's affix rules take time quadratic in the length of what stands between two blanks, and
# longer words are unknown to a WordPiece vocabulary anyway: so they are cut.
MAX_WORD_CHARS = 200

# Control characters but tab and line ends, byte order marks, and surrogates without a partner.
_NEVER_IN_A_WORD = re.compile("[\x00-\x08\x0b\x0e-\x1f\x7f-\x84\x86-\x9f\ufeff\ud800-\udfff]")
_BLANK_LINE = re.compile("\n[^\\S\n]*\n|\u2029")
_OVERLONG = re.compile(rf"\S{{{MAX_WORD_CHARS}}}(?=\S)")
_LOCK = Lock()
_PIPELINES: dict[str, Any] = {}
MAX_KNOWN_WORDS = 100_000
"""How many different words spaCy may have seen before it is made anew."""


class SplitText(NamedTuple):
    """
    Hold a text in words.

    # Parameters

    words : `list[str]`
        The words: `words[i] == text[word_chars[i].start : word_chars[i].end]`.
    word_chars : `list[CharSpan]`
        Where each word stands in the text.
    sentence_ids : `list[int]`
        The sentence of each word: 0, then the same or one more from word to word.
    """

    words: list[str]
    word_chars: list[CharSpan]
    sentence_ids: list[int]


def split_text(text: str, *, language: str = "en", breaks: Iterable[int] = ()) -> SplitText:
    """
    Split a text into words and sentences by spaCy's rules for the language (no model needed).

    # Parameters

    text : `str`
        Any text, of any length. Whitespace, control characters and words made of nothing but
        invisible characters give no word.
    language : `str`, optional (default = `"en"`)
        spaCy's code of the language, e.g. `en`, `de` or `xx` (any).
    breaks : `Iterable[int]`, optional (default = `()`)
        Character offsets where a sentence (and so a word) has to end, e.g. where the speaker
        changes. A blank line always ends a sentence; a single line end does not.

    # Returns

    `SplitText`
        The words, their character spans and their sentences.
    """
    clean = _same_length_clean(text)
    words: list[str] = []
    word_chars: list[CharSpan] = []
    sentence_ids: list[int] = []
    sentence = -1
    opens_sentence = True
    for start, end, is_break in _stretches(clean, breaks):
        opens_sentence = opens_sentence or is_break
        for word_start, word_end, is_first in _tokens(clean[start:end], language):
            opens_sentence = opens_sentence or is_first
            word = text[start + word_start : start + word_end]
            if not is_visible(word):
                continue
            sentence += opens_sentence
            opens_sentence = False
            words.append(word)
            word_chars.append(CharSpan(start + word_start, start + word_end))
            sentence_ids.append(sentence)
    return SplitText(words, word_chars, sentence_ids)


def cut_words(text: str, split: SplitText, breaks: Iterable[int]) -> SplitText:
    """
    Cut those words in two that go over one of the given offsets.

    # Parameters

    text : `str`
        The text that was split.
    split : `SplitText`
        Its words.
    breaks : `Iterable[int]`
        Offsets into the text, such as the edges of annotated entities.
    """
    inside = sorted(set(breaks))
    words, word_chars, sentence_ids = [], [], []
    for (start, end), sentence in zip(split.word_chars, split.sentence_ids, strict=True):
        cuts = inside[bisect_right(inside, start) : bisect_left(inside, end)]
        for part in pairwise([start, *cuts, end]):
            words.append(text[slice(*part)])
            word_chars.append(CharSpan(*part))
            sentence_ids.append(sentence)
    return SplitText(words, word_chars, sentence_ids)


def whole_characters(text: str, span: CharSpan) -> CharSpan:
    """
    Return the span with all combining marks of its first and last character.

    An accent or a vowel sign that stands behind its letter as a character of its own belongs to
    the letter: an offset between the two never cuts there.

    # Parameters

    text : `str`
        The text.
    span : `CharSpan`
        A span in it.
    """
    start, end = span
    while 0 < start < len(text) and is_mark(text[start]):
        start -= 1
    while 0 < end < len(text) and is_mark(text[end]):
        end += 1
    return CharSpan(start, end)


def is_mark(character: str) -> bool:
    """Return whether a character is a combining mark, which belongs to the one before it."""
    return unicodedata.category(character)[0] == "M"


def sentence_ids_of_words(
    words: Sequence[str], *, language: str = "en", breaks: Iterable[int] = ()
) -> list[int]:
    """
    Return the sentence of each of the given words, by the rule that `split_text` uses.

    # Parameters

    words : `Sequence[str]`
        The words; their own cut is kept.
    language : `str`, optional (default = `"en"`)
        spaCy's code of the language.
    breaks : `Iterable[int]`, optional (default = `()`)
        Indexes of words that begin a sentence whatever the rule says.

    # Returns

    `list[int]`
        As long as `words`: 0, then the same or one more from word to word.
    """
    if not words:
        return []
    from spacy.tokens import Doc

    nlp = _pipeline(language)
    # spaCy takes neither empty words nor lone surrogates.
    safe_words = [_same_length_clean(word).strip() or "_" for word in words]
    with _LOCK:
        doc = nlp(Doc(nlp.vocab, words=safe_words))
    forced = set(breaks)
    sentence_ids = []
    sentence = -1
    for index, token in enumerate(doc):
        sentence += bool(token.is_sent_start) or index == 0 or index in forced
        sentence_ids.append(sentence)
    return sentence_ids


def _same_length_clean(text: str) -> str:
    """Return the text with one kind of line end, and blanks for what is in no word."""
    text = text.replace("\r\n", " \n").replace("\r", "\n")
    return _NEVER_IN_A_WORD.sub(" ", text)


def _stretches(clean: str, breaks: Iterable[int]) -> Iterator[tuple[int, int, bool]]:
    """Yield start, end and "begins a sentence" of each part of the text that no word leaves."""
    sentence_cuts = {0}
    sentence_cuts.update(offset for offset in breaks if 0 < offset < len(clean))
    sentence_cuts.update(match.end() for match in _BLANK_LINE.finditer(clean))
    word_cuts = {match.end() for match in _OVERLONG.finditer(clean)}
    for start, end in pairwise(sorted(sentence_cuts | word_cuts | {len(clean)})):
        yield start, end, start in sentence_cuts


def _tokens(stretch: str, language: str) -> Iterator[tuple[int, int, bool]]:
    """Yield start, end and "begins a sentence" of each of spaCy's tokens but white space."""
    if not stretch.strip():
        return
    doc = doc_by_rules(stretch, language)
    opens_sentence = False
    for token in doc:
        # The first token of a stretch opens a sentence in spaCy's eyes; here the caller knows.
        opens_sentence = opens_sentence or (token.i > 0 and bool(token.is_sent_start))
        if not token.is_space:
            yield token.idx, token.idx + len(token), opens_sentence
            opens_sentence = False


def doc_by_rules(text: str, language: str) -> Any:
    """
    Return a spaCy `Doc` of a text, split by the rules of a language, from any thread.

    # Parameters

    text : `str`
        The text.
    language : `str`
        spaCy's code of the language.
    """
    nlp = _pipeline(language)
    with _LOCK:
        return nlp(text)


def checked_language(language: Any) -> str:
    """
    Return the code of a language that spaCy knows; raise a `ConfigError` for another one.

    # Parameters

    language : `Any`
        spaCy's code, as `split_text` takes it. What its rules need may not be installed here.
    """
    found = find_spec("spacy")  # which is not imported for a language that it comes with
    folders = () if found is None else found.submodule_search_locations or ()
    codes = [one.name for one in iter_modules(f"{folder}/lang" for folder in folders) if one.ispkg]
    if language in codes or not codes:
        return str(language)
    try:
        _spacy().util.get_lang_class(language)
    except (ImportError, AttributeError, TypeError) as error:
        raise ConfigError(
            f"language {shown(language)}: spaCy has no rules for it; choose among "
            f"{', '.join(codes)}, where xx stands for any language"
        ) from error
    return str(language)


def is_visible(word: str) -> bool:
    """Return whether a word holds more than control, format and unassigned characters."""
    return word.isprintable() or any(unicodedata.category(char)[0] != "C" for char in word)


def _pipeline(language: str) -> Any:
    """
    Return the tokenizer and rule-based sentence splitter of spaCy for a language.

    spaCy keeps every different word that it has seen, for ever: so it is made anew after many.
    """
    nlp = _PIPELINES.get(language)
    if nlp is None or len(nlp.vocab.strings) > MAX_KNOWN_WORDS:
        nlp = _PIPELINES[language] = _new_pipeline(language)
    return nlp


def _new_pipeline(language: str) -> Any:
    spacy = _spacy()
    try:
        nlp = spacy.blank(checked_language(language))
    except (ImportError, ValueError) as error:
        raise ConfigError(
            f"language {language!r}: spaCy's rules for it need another package "
            f"({' '.join(str(error).split())}); install it, or use 'xx', which is any language"
        ) from error
    nlp.add_pipe("sentencizer")
    nlp.max_length = 10**9  # the limit guards models; these rules need little memory
    return nlp


def _spacy() -> Any:
    try:
        import spacy
    except ImportError as error:
        raise ConfigError("raw text needs spaCy to be split: run `pip install spacy`") from error
    return spacy
