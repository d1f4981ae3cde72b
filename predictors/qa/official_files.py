"""Write the files of the official SQuAD programs: predictions, n-best lists, null odds."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import IO, Any

from spanbert_allen.common.errors import DataError
from spanbert_allen.common.files import replace_file
from spanbert_allen.common.record_checks import shown

NO_CANDIDATE = 1e6
"""The no-answer score of a question without any answer: with it the original begins to search."""


class OfficialFiles:
    """
    Take results line by line, as `allennlp predict` gives them.

    # Parameters

    predictions, n_best, null_odds : `IO[str]`
        The files to write. By the ids of questions they hold the answers; all answers with their
        probabilities and logits; and the no-answer scores.
    """

    def __init__(self, predictions: IO[str], n_best: IO[str], null_odds: IO[str]) -> None:
        self._files = [_JsonObject(file) for file in (predictions, n_best, null_odds)]
        self._ids: set[str] = set()

    def write(self, line: str) -> None:
        """Add a result. The question of an error record stays unanswered and is in no file."""
        result = json.loads(line)
        if "error" in result:
            return
        if result["id"] in self._ids:  # the readers leave such questions out
            raise DataError(f"two results have the id {shown(result['id'])}; give each its own")
        self._ids.add(result["id"])
        odds = result["no_answer_score"]
        if odds is None:
            odds = NO_CANDIDATE if result["threshold"] is not None else 0.0
        names = ("text", "probability", "start_logit", "end_logit")
        answers = [{name: answer[name] for name in names} for answer in result["answers"]]
        for file, value in zip(self._files, (result["answer"], answers, odds), strict=True):
            file.add(result["id"], value)

    def close(self) -> None:
        """End the files."""
        for file in self._files:
            file.end()


@contextmanager
def official_files(path: str | Path) -> Iterator[OfficialFiles]:
    """
    Open the three files, which appear whole and together or not at all.

    # Parameters

    path : `str | Path`
        The file of predictions. The others have its name with `nbest_` or `null_odds_` before it.
    """
    path = Path(path)
    with ExitStack() as stack:
        names = ("", "nbest_", "null_odds_")
        files = [
            stack.enter_context(replace_file(path.with_name(prefix + path.name)))
            for prefix in names
        ]
        official = OfficialFiles(*files)
        yield official
        official.close()


class _JsonObject:
    """Write a JSON object as its values come, indented by 4."""

    def __init__(self, file: IO[str]) -> None:
        self._file = file
        self._before = "{"
        self._is_open = True

    def add(self, name: str, value: Any) -> None:
        text = json.dumps({name: value}, indent=4)
        self._file.write(self._before + text[1:-2])
        self._before = ","

    def end(self) -> None:
        if self._is_open:
            self._file.write("{}\n" if self._before == "{" else "\n}\n")
        self._is_open = False
