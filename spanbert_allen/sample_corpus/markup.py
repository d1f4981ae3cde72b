"""
The markup of the sample corpus: one file a text, annotated in place.

    # title: The bakery
    == text
    [1 Anna] opened [2 [1 her] bakery] in May. [2 It] sells bread.
    == questions
    Who opened the bakery? => Anna
    Who closed it? => -
    == relations
    org:founded_by | {O:PERSON Anna} opened {S:ORGANIZATION her bakery}

`[<number> words]` is a mention of that cluster; mentions nest. An answer is a piece of the text,
` @k` after it chooses its k-th occurrence as whole words, and `-` stands for no answer. A
relation quotes a piece of the text, with its subject and object in braces. In the genre
`dialogue` every line of the text is a turn, `Name: words`; elsewhere a line is a paragraph.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NoReturn, TypeVar

from spanbert_allen.common.errors import DataError
from spanbert_allen.common.files import read_lines
from spanbert_allen.common.spans import CharSpan
from spanbert_allen.sample_corpus.sample_text import (
    GENRES,
    NO_RELATION,
    RELATIONS,
    SPLITS,
    TYPES,
    Question,
    Relation,
    SampleText,
    Turn,
)

_NAME = re.compile(rf"({'|'.join(SPLITS)})_({'|'.join(GENRES)})_[a-z0-9_]+\.txt")
_SECTIONS = ("text", "questions", "relations")
_TURN = re.compile(r"([^:\[\]{}]{1,40}): (\S.*)")
_OPENING = re.compile(r"\[(\d+) (?=[^\s\]])")
_ROLE = re.compile(r"\{([SO]):([A-Z]+) ([^{}]+)\}")

Line = tuple[int, str]
"""The number of a line in its file, counted from 1, and the line."""
T = TypeVar("T")


def read_sample(path: str | Path) -> SampleText:
    """Read a file. Raise the first of its problems as a `DataError`."""
    sample, problems = parse_sample(path)
    if problems or sample is None:
        raise problems[0]
    return sample


def parse_sample(path: str | Path) -> tuple[SampleText | None, list[DataError]]:
    """
    Read a file as far as it can be read.

    # Returns

    `tuple[SampleText | None, list[DataError]]`
        The text, or `None` if its section `text` cannot be read; and every problem of the markup
        that was read.
    """
    path = Path(path)
    problems: list[DataError] = []
    named = _NAME.fullmatch(path.name)
    if named is None:
        problem = "the name must be <split>_<genre>_<name>.txt in small letters, with "
        problem += f"a split of {', '.join(SPLITS)} and a genre of {', '.join(GENRES)}"
        return None, [DataError(problem, path)]
    try:
        title, sections = _split_sections(path)
    except DataError as error:
        return None, [error]
    text, turns, clusters = _MarkedText(path, problems).read(
        sections["text"], is_dialogue=named[2] == "dialogue"
    )
    if problems:  # else every answer behind a broken line would be reported as missing
        return None, problems

    def read_lines(section: str, read_line: Callable[[str, str], T]) -> tuple[T, ...]:
        return tuple(_read_each(sections[section], text, read_line, path, problems))

    sample = SampleText(
        name=path.stem,
        split=named[1],
        genre=named[2],
        title=title,
        text=text,
        turns=turns,
        clusters=clusters,
        questions=read_lines("questions", _read_question),
        relations=read_lines("relations", _read_relation),
    )
    return sample, problems


def _split_sections(path: Path) -> tuple[str, dict[str, list[Line]]]:
    lines = list(read_lines(path))
    title = re.fullmatch(r"# title: (\S.*)", lines[0][1]) if lines else None
    if title is None:
        raise DataError("the first line must be `# title: ...`", path, 1)
    sections: dict[str, list[Line]] = {}
    for number, line in lines[1:]:
        if line.startswith("== "):
            if line[3:] not in _SECTIONS[len(sections) :][:1]:
                due = " then ".join(f"`== {section}`" for section in _SECTIONS)
                raise DataError(f"`{line}` is not due here: {due}, each once", path, number)
            sections[line[3:]] = []
        elif line.strip():
            if not sections:
                raise DataError("nothing may stand between the title and `== text`", path, number)
            sections[list(sections)[-1]].append((number, line))
    if len(sections) < len(_SECTIONS):
        raise DataError(f"the section `== {_SECTIONS[len(sections)]}` is missing", path, len(lines))
    return title[1], sections


class _MarkedText:
    """Takes the markup out of the section `text` while counting where the mentions stand."""

    def __init__(self, path: Path, problems: list[DataError]) -> None:
        self._path, self._problems = path, problems
        self._text = ""
        self._mentions: dict[CharSpan, int] = {}
        self._line_of: dict[int, int] = {}

    def read(
        self, lines: Sequence[Line], *, is_dialogue: bool
    ) -> tuple[str, tuple[Turn, ...], tuple[tuple[CharSpan, ...], ...]]:
        turns = []
        for number, line in lines:
            if self._text:
                self._text += "\n" if is_dialogue else "\n\n"
            start = len(self._text)
            try:
                turn = _TURN.fullmatch(line) if is_dialogue else None
                if is_dialogue and turn is None:
                    self._complain("every line of a dialogue must be `Name: words`", number)
                self._read_line(turn[2] if turn else line, number)
                if turn:
                    turns.append(Turn(turn[1], CharSpan(start, len(self._text))))
            except DataError as error:
                self._problems.append(error)
        clusters: dict[int, list[CharSpan]] = {}
        for span in sorted(self._mentions, key=lambda span: (span.start, -span.end)):
            clusters.setdefault(self._mentions[span], []).append(span)
        for cluster, spans in clusters.items():
            if len(spans) < 2:
                problem = f"cluster {cluster} has one mention only; mark another or none"
                number = self._line_of[spans[0].start]
                self._problems.append(DataError(problem, self._path, number))
        return self._text, tuple(turns), tuple(tuple(spans) for spans in clusters.values())

    def _complain(self, problem: str, number: int) -> NoReturn:
        raise DataError(problem, self._path, number)

    def _read_line(self, line: str, number: int) -> None:
        if line != line.strip() or "  " in line or "\t" in line:
            self._complain("words must be separated by one space, none at the ends", number)
        open_mentions: list[tuple[int, int]] = []
        position = 0
        while position < len(line):
            opening = _OPENING.match(line, position)
            if opening:
                open_mentions.append((int(opening[1]), len(self._text)))
                position = opening.end()
                continue
            if line[position] == "[":
                self._complain("`[` must be followed by a number, one space and words", number)
            if line[position] == "]":
                if not open_mentions:
                    self._complain("`]` closes nothing", number)
                self._add_mention(*open_mentions.pop(), number)
            else:
                self._text += line[position]
            position += 1
        if open_mentions:
            self._complain(f"`[{open_mentions[-1][0]} ` is never closed", number)

    def _add_mention(self, cluster: int, start: int, number: int) -> None:
        span = CharSpan(start, len(self._text))
        if span in self._mentions:
            self._complain(f"`{self._text[start:]}` is marked twice", number)
        self._mentions[span] = cluster
        self._line_of[start] = number


def _read_each(
    lines: Sequence[Line],
    text: str,
    read_line: Callable[[str, str], T],
    path: Path,
    problems: list[DataError],
) -> list[T]:
    items = []
    for number, line in lines:
        try:
            items.append(read_line(line.strip(), text))
        except DataError as error:
            problems.append(DataError(error.problem, path, number))
    return items


def _occurrences(words: str, text: str) -> list[CharSpan]:
    """Where words stand in a text as whole words."""
    pattern = rf"(?<!\w){re.escape(words)}(?!\w)"
    return [CharSpan(*match.span()) for match in re.finditer(pattern, text)]


def _read_question(line: str, text: str) -> Question:
    question, arrow, answer = line.partition(" => ")
    if not arrow or not question.endswith("?"):
        raise DataError("a question must be `question? => answer`")
    answer = answer.strip()
    if answer == "-":
        return Question(question, None)
    counted = re.fullmatch(r"(.*\S) @([1-9]\d*)", answer)
    answer, number = (counted[1], int(counted[2])) if counted else (answer, 1)
    found = _occurrences(answer, text)
    if not answer or number > len(found):
        problem = f"the answer `{answer}` stands {len(found)} times in the text as whole words"
        raise DataError(f"{problem}, {number} asked for")
    return Question(question, found[number - 1])


def _read_relation(line: str, text: str) -> Relation:
    label, bar, quote = line.partition(" | ")
    if not bar or (label != NO_RELATION and label not in RELATIONS):
        known = ", ".join([*RELATIONS, NO_RELATION])
        raise DataError(f"a relation must be `label | words`, with a label of {known}")
    roles = list(_ROLE.finditer(quote))
    if sorted(role[1] for role in roles) != ["O", "S"]:
        raise DataError("a relation needs one {S:TYPE words} and one {O:TYPE words}")
    plain = _ROLE.sub(lambda role: role[3], quote)
    if text.count(plain) != 1:
        problem = f"`{plain}` stands {text.count(plain)} times in the text; quote what stands once"
        raise DataError(problem)
    spans: dict[str, CharSpan] = {}
    removed = text.index(plain) * -1
    for role in roles:
        start = role.start() - removed
        spans[role[1]] = CharSpan(start, start + len(role[3]))
        removed += len(role[0]) - len(role[3])
    types = {role[1]: role[2] for role in roles}
    pair = (types["S"], types["O"])
    if not set(pair) <= set(TYPES) or RELATIONS.get(label, pair) != pair:
        raise DataError(f"{label} cannot join the types {pair[0]} and {pair[1]}")
    return Relation(label, spans["S"], pair[0], spans["O"], pair[1])
