"""Checks of a text beyond readable markup, and counts of the corpus."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

from spanbert_allen.common.errors import DataError
from spanbert_allen.common.spans import CharSpan
from spanbert_allen.common.text import split_text
from spanbert_allen.sample_corpus.markup import parse_sample
from spanbert_allen.sample_corpus.sample_text import NO_RELATION, SampleText

_WORD = re.compile(r"\w+(?:['-]\w+)*")
_PRONOUNS = frozenset(
    re.findall(
        r"\w+",
        """
        i me my mine myself you your yours yourself yourselves he him his himself she her hers
        herself it its itself we us our ours ourselves they them their theirs themselves
        """,
    )
)
_CURLY = re.compile("[\u2018\u2019\u201c\u201d]")
_SHORT_FORMS = re.compile(r"(?:\b[A-Z]|\b(?:Mr|Mrs|Ms|Dr|St|Co|Inc|Ltd|Jr|Sr|a\.m|p\.m))\.$")


def check_texts(paths: Sequence[str | Path]) -> tuple[list[SampleText], list[DataError]]:
    """
    Read and check files.

    # Returns

    `tuple[list[SampleText], list[DataError]]`
        The texts without a problem, and the problems of the others in the order of the files.
    """
    samples: list[SampleText] = []
    problems: list[DataError] = []
    for path in paths:
        sample, found = parse_sample(path)
        if sample is not None and not found:
            lines = _SectionLines(Path(path))
            found = [DataError(problem, path, line) for line, problem in _faults(sample, lines)]
        if sample is not None and not found:
            twin = next((other for other in samples if _is_twin(sample, other)), None)
            if twin is None:
                samples.append(sample)
            else:
                found = [DataError(f"says the same as {twin.name}; write another text", path, 1)]
        problems += found
    return samples, problems


class _SectionLines:
    """Find the line of a file that a problem of a parsed text is about."""

    def __init__(self, path: Path) -> None:
        lines = path.read_text(encoding="utf-8").split("\n")
        used = [(number, line) for number, line in enumerate(lines, start=1) if line.strip()]
        heads = [place for place, (_, line) in enumerate(used) if line.startswith("== ")]
        self.text, self.questions, self.relations = (
            [number for number, _ in used[start:end]]
            for start, end in zip(heads, [*heads[1:], len(used)], strict=True)
        )

    def of(self, sample: SampleText, offset: int) -> int:
        paragraph = len(re.findall(r"\n+", sample.text[:offset]))
        return self.text[1 + paragraph]


def _faults(sample: SampleText, lines: _SectionLines) -> Iterator[tuple[int, str]]:
    yield from _size_faults(sample, lines)
    curly = _CURLY.search(sample.text)
    if curly:
        yield lines.of(sample, curly.start()), "write straight quotation marks"
    split = split_text(sample.text, breaks=[turn.span.start for turn in sample.turns])
    starts = {span.start: word for word, span in enumerate(split.word_chars)}
    ends = {span.end: word for word, span in enumerate(split.word_chars)}
    for span in (mention for cluster in sample.clusters for mention in cluster):
        problem = _mention_fault(sample, span)
        if problem is None and not (span.start in starts and span.end in ends):
            problem = "must begin and end where a word does"
        if problem:
            yield lines.of(sample, span.start), f"the mention `{sample.at(span)}` {problem}"
    for number, relation in zip(lines.relations[1:], sample.relations, strict=True):
        first, last = sorted((relation.subject, relation.object))
        if not ({first.start, last.start} <= set(starts) and {first.end, last.end} <= set(ends)):
            yield number, "subject and object must begin and end where a word does"
        elif split.sentence_ids[starts[first.start]] != split.sentence_ids[ends[last.end]]:
            yield number, "subject and object must stand in one sentence"


def _size_faults(sample: SampleText, lines: _SectionLines) -> Iterator[tuple[int, str]]:
    words = len(_WORD.findall(sample.text))
    if not 100 <= words <= 250:
        yield lines.text[0], f"the text has {words} words; 100 to 250 are wanted"
    if not 4 <= len(sample.questions) <= 6:
        yield lines.questions[0], f"{len(sample.questions)} questions; 4 to 6 are wanted"
    unanswerable = sum(question.answer is None for question in sample.questions)
    if not 1 <= unanswerable <= 3:
        yield lines.questions[0], f"{unanswerable} questions without answer; 1 to 3 are wanted"
    if len({question.question for question in sample.questions}) < len(sample.questions):
        yield lines.questions[0], "a question is asked twice"
    if not 2 <= len(sample.relations) <= 5:
        yield lines.relations[0], f"{len(sample.relations)} relations; 2 to 5 are wanted"


def _mention_fault(sample: SampleText, span: CharSpan) -> str | None:
    words, behind = sample.at(span), sample.text[span.end :]
    is_apposition = words[-1] == "," and "," in words[:-1]
    is_short_form = words[-1] == "." and _SHORT_FORMS.search(words)
    if "\n" in words:
        return "runs over a line end"
    if words != words.strip():
        return "begins or ends with a space"
    if words[-1] in ",;:.!?" and not is_apposition and not is_short_form:
        return "ends with punctuation; leave that outside"
    if re.match(r"'s\b", behind) and words.lower() not in _PRONOUNS:
        return "stands before 's: take a possessive 's in, write out a verb"
    return None


def _is_twin(sample: SampleText, other: SampleText) -> bool:
    """Whether two texts share a sentence of six or more words, pronouns left out."""
    return bool(_content_sentences(sample) & _content_sentences(other))


def _content_sentences(sample: SampleText) -> set[tuple[str, ...]]:
    sentences = re.split(r"[.!?]\W+", sample.text.lower())
    contents = (
        tuple(word for word in _WORD.findall(sentence) if word not in _PRONOUNS)
        for sentence in sentences
    )
    return {content for content in contents if len(content) >= 6}


def proofreading(sample: SampleText) -> list[str]:
    """
    List what a proof-reader wants to see of a text.

    First the mentions of each cluster, then the pronouns and the repeated mention strings that are
    not marked; not all of these are mistakes (`it rains`).
    """
    marked = {span for cluster in sample.clusters for span in cluster}
    lines = [" = ".join(sample.at(span) for span in cluster) for cluster in sample.clusters]
    names = {sample.at(span).removesuffix("'s").lower() for span in marked} - {""}
    pattern = "|".join(re.escape(name) for name in sorted(names | _PRONOUNS, key=len, reverse=True))
    for match in re.finditer(rf"(?<!\w)(?:{pattern})(?!\w)(?:'s\b)?", sample.text, re.IGNORECASE):
        start = match.start()
        if not any(span.start <= start and span.end == match.end() for span in marked) and not any(
            span.start == start for span in marked
        ):
            around = sample.text[max(0, start - 30) : match.end() + 20].replace("\n", " ")
            lines.append(f"unmarked `{match[0]}`: ...{around}...")
    return lines


def summary(samples: Sequence[SampleText]) -> list[str]:
    """Return the counts of the corpus, a line for each split."""
    lines = []
    for split in sorted({sample.split for sample in samples}):
        part = [sample for sample in samples if sample.split == split]
        questions = [question for sample in part for question in sample.questions]
        unanswerable = sum(question.answer is None for question in questions)
        labels = Counter(relation.label for sample in part for relation in sample.relations)
        genres = Counter(sample.genre for sample in part)
        lines += [
            f"{split}: {len(part)} texts, "
            f"{sum(len(_WORD.findall(sample.text)) for sample in part)} words, "
            f"{sum(len(cluster) for sample in part for cluster in sample.clusters)} mentions, "
            f"{sum(len(sample.clusters) for sample in part)} clusters, {len(questions)} questions "
            f"({unanswerable / max(1, len(questions)):.0%} unanswerable), "
            f"{labels.total()} relations "
            f"({labels[NO_RELATION] / max(1, labels.total()):.0%} {NO_RELATION})",
            "  " + ", ".join(f"{genre} {count}" for genre, count in sorted(genres.items())),
            "  " + ", ".join(f"{label} {count}" for label, count in labels.most_common()),
        ]
    return lines
