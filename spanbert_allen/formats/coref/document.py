"""A coreference document, as readers, the model's metadata and the predictor share it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import chain

from spanbert_allen.common.spans import CharSpan, Cluster, WordSpan
from spanbert_allen.formats.coref.conll.columns import ConllColumns


@dataclass(frozen=True, kw_only=True)
class CorefDocument:
    """
    Hold one document, in words.

    # Parameters

    doc_key : `str`
        The name of the document.
    words : `Sequence[str]`
        Its words; may be empty.
    sentence_ids : `Sequence[int]`
        The sentence of each word: from 0, never less than before. As long as `words`.
    text : `str`
        The text that `word_chars` counts in: as the user gave it, or the words joined by a space.
    word_chars : `Sequence[CharSpan]`
        Where each word stands in `text`. As long as `words`.
    speakers : `Sequence[str]`, optional (default = `None`)
        The speaker of each word; `None` when nothing is known of speakers.
    genre : `str`, optional (default = `None`)
        The genre, e.g. `bc` or `nw` in OntoNotes.
    clusters : `Sequence[Cluster]`, optional (default = `None`)
        The annotated clusters; `None` when the document carries no annotation, which is not the
        same as `[]`: annotated, and nothing corefers.
    columns : `ConllColumns`, optional (default = `None`)
        What a CoNLL file says beside these, so that a CoNLL file can say it again.
    not_held : `Mapping[str, int]`, optional (default = `{}`)
        What the file says that a document cannot hold, and how often, so that it can be told when
        the document is converted.
    """

    doc_key: str
    words: Sequence[str]
    sentence_ids: Sequence[int]
    text: str
    word_chars: Sequence[CharSpan]
    speakers: Sequence[str] | None = None
    genre: str | None = None
    clusters: Sequence[Cluster] | None = None
    columns: ConllColumns | None = field(default=None, compare=False)
    not_held: Mapping[str, int] = field(default_factory=dict, compare=False)

    @classmethod
    def from_sentences(
        cls,
        doc_key: str,
        sentences: Sequence[Sequence[str]],
        *,
        speakers: Sequence[str] | None = None,
        genre: str | None = None,
        clusters: Sequence[Cluster] | None = None,
        columns: ConllColumns | None = None,
        not_held: Mapping[str, int] | None = None,
    ) -> CorefDocument:
        """Make a document whose text is not known: it is the words, joined by one space each."""
        words = list(chain.from_iterable(sentences))
        word_chars = []
        position = 0
        for word in words:
            word_chars.append(CharSpan(position, position + len(word)))
            position += len(word) + 1
        return cls(
            doc_key=doc_key,
            words=words,
            sentence_ids=[i for i, sentence in enumerate(sentences) for _ in sentence],
            text=" ".join(words),
            word_chars=word_chars,
            speakers=speakers,
            genre=genre,
            clusters=clusters,
            columns=columns,
            not_held=not_held or {},
        )

    def sentences(self) -> list[list[str]]:
        """Return the words of each sentence; numbers that are left out have an empty list."""
        sentences: list[list[str]] = [[] for _ in range(self.num_sentences)]
        for word, sentence in zip(self.words, self.sentence_ids, strict=True):
            sentences[sentence].append(word)
        return sentences

    def by_sentence(self, of_words: Sequence[str]) -> list[list[str]]:
        """Return what each word has one of, such as speakers, in the shape of `sentences`."""
        return replace(self, words=of_words).sentences()

    @property
    def num_sentences(self) -> int:
        """Return the number of sentences, empty ones before the last counted."""
        return self.sentence_ids[-1] + 1 if self.words else 0

    def chars_of(self, mention: WordSpan) -> CharSpan:
        """Return where a mention stands in the text."""
        return CharSpan(self.word_chars[mention.start].start, self.word_chars[mention.end].end)

    def is_text_plain(self) -> bool:
        """Return whether the text is no more than the words, joined by a space each."""
        return self.text == " ".join(self.words)

    def without_singletons(self) -> CorefDocument:
        """Return the document without its clusters of one mention."""
        if self.clusters is None:
            return self
        return replace(self, clusters=[cluster for cluster in self.clusters if len(cluster) > 1])
