"""A sentence or a longer text with two entities, which every relation file is read into."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from spanbert_allen.common.spans import CharSpan, WordSpan

UNTYPED = "ENTITY"
"""The type of an entity whose type is not given."""

NO_RELATION = "no_relation"
"""The usual label of two entities that have none of the relations."""


@dataclass(frozen=True, kw_only=True)
class RelationExample:
    """
    Hold two entities whose relation is to be classified.

    # Parameters

    id : `str`
        The name of the example in its data set.
    words : `Sequence[str]`
        The words of the sentence, or of a longer text.
    subject, object : `WordSpan`
        The entities; the relation is directed from the subject to the object.
    subject_type, object_type : `str`, optional (default = `UNTYPED`)
        Their types, such as `PERSON`.
    label : `str`, optional (default = `None`)
        The relation, if it is known.
    text : `str`, optional (default = `None`)
        The text as the user gave it, if the words were cut out of one.
    word_chars : `Sequence[CharSpan]`, optional (default = `None`)
        With a text, where each word stands in it.
    sentence_ids : `Sequence[int]`, optional (default = `None`)
        The sentence of each word, if it is known: 0, then the same or one more.
    place : `str`, optional (default = `""`)
        Where the example was read, for messages.
    """

    id: str
    words: Sequence[str]
    subject: WordSpan
    object: WordSpan
    subject_type: str = UNTYPED
    object_type: str = UNTYPED
    label: str | None = None
    text: str | None = None
    word_chars: Sequence[CharSpan] | None = None
    sentence_ids: Sequence[int] | None = None
    place: str = ""

    def source(self) -> tuple[str, Sequence[CharSpan]]:
        """
        Return the text, and where each word stands in it.

        Without a text, the words are joined by blanks.
        """
        if self.text is not None and self.word_chars is not None:
            return self.text, self.word_chars
        chars = []
        position = 0
        for word in self.words:
            chars.append(CharSpan(position, position + len(word)))
            position += len(word) + 1
        return " ".join(self.words), chars
