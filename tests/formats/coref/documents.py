"""Documents of all sorts, for property tests."""

from __future__ import annotations

from hypothesis import strategies as st

from spanbert_allen.common.spans import WordSpan
from spanbert_allen.formats.coref.document import CorefDocument

ODD_WORDS = [
    *["", " ", "a b", "/.", "/?", ".", "etc.", "[x]", "(", "#", "-", "_", "12", "é", "她", "she"],
    *["\ud800", "\ufeff", "\u2028", "\u200b", "Her", '"', "[SEP]"],
]
WORDS = st.sampled_from(ODD_WORDS) | st.text(st.characters(codec="utf-8"), max_size=4)
PLAIN_WORDS = st.sampled_from(
    ["she", "her", "The", "ferry", "left", "Ida", "Tom", "saw", ",", "dog"]
)
KEYS = WORDS | st.sampled_from(["a_0", "a_12", "a_012", "nw/x_3", "#a", "a; part 1", "bc"])


@st.composite
def documents(draw, words=WORDS, max_sentences=4):
    sentences = draw(st.lists(st.lists(words, max_size=5), max_size=max_sentences))
    while sentences and not sentences[-1]:
        sentences.pop()
    num_words = sum(map(len, sentences))
    return CorefDocument.from_sentences(
        draw(KEYS),
        sentences,
        speakers=draw(st.none() | st.lists(WORDS, min_size=num_words, max_size=num_words)),
        genre=draw(st.sampled_from([None, "nw", "bc", "other"])),
        clusters=draw(st.none() | clusters_of(num_words)),
    )


@st.composite
def clusters_of(draw, num_words):
    """Any clusters, crossing mentions among them, but no mention twice."""
    if num_words == 0:
        return []
    word = st.integers(0, num_words - 1)
    mentions = st.tuples(word, word).map(lambda ends: WordSpan(min(ends), max(ends)))
    chosen = draw(st.lists(mentions, max_size=8, unique=True))
    clusters: dict[int, list[WordSpan]] = {}
    for mention in chosen:
        clusters.setdefault(draw(st.integers(0, 2)), []).append(mention)
    return sorted(tuple(sorted(cluster)) for cluster in clusters.values())
