"""Read a JSON array of a file an item at a time, with the line of each item."""

from __future__ import annotations

import codecs
import gzip
import json
import re
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any, NamedTuple

from spanbert_allen.common.errors import DataError
from spanbert_allen.common.files import open_text

_CHUNK = 1 << 18
_TOKEN = re.compile(r'"[^"\\]*(?:\\.[^"\\]*)*"|["\[\]{},]', re.DOTALL)
_SPACE = re.compile(r"[ \t\r\n]*")
_DECODER = json.JSONDecoder()
_ADVICE = (
    "copy or download it again, or, for an object a line, name it .jsonl and use the reader of "
    "JSON lines"
)


class ArrayItem(NamedTuple):
    """
    Hold one item of an array.

    # Parameters

    line : `int`
        The line on which it begins, counted from 1.
    value : `Any`
        The item; `None` for one that cannot be read.
    problem : `str`, optional (default = `None`)
        Why it cannot be read: numbers with thousands of digits, thousands of nested brackets, or
        wrong syntax inside an item whose end is clear.
    """

    line: int
    value: Any
    problem: str | None = None


def array_items(
    path: str | Path, *, key: str | None = None, noun: str = "example", advice: str = _ADVICE
) -> Iterator[ArrayItem]:
    """
    Yield the items of the array, which is never in memory as a whole.

    # Parameters

    path : `str | Path`
        As for `read_lines`.
    key : `str`, optional (default = `None`)
        Where the array stands, if the file holds an object and the array is one of its values.
        Other values are passed over, and so is the whole object if none of its keys is this one.
    noun : `str`, optional (default = `"example"`)
        What messages call an item.
    advice : `str`, optional
        What the user can do about a file that is not as it should be.

    Raises a `DataError` for a file that is not UTF-8, or not one array or object from its first to
    its last character.
    """
    try:
        with open_text(path) as file:
            text = _Text(file, path, "array" if key is None else "object", noun, advice)
            yield from _items(text) if key is None else _items_under(text, key)
            if text.next():
                raise text.broken("more follows behind the closing bracket")
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise DataError(
            f"broken or incomplete gzip file ({error}); copy or download it again", path
        ) from error


def first_item(path: str | Path) -> Any:
    """
    Return the first item of the array, `None` if it has none that can be read.

    A pipe or standard input can still be read from its first byte on.

    # Parameters

    path : `str | Path`
        As for `read_lines`.
    """
    try:
        with open_text(path, look_ahead=True) as file:
            text = _Text(file, path, "array", "item", _ADVICE)
            return next(_items(text), ArrayItem(1, None)).value
    except (DataError, EOFError, OSError, zlib.error):
        return None  # whoever reads it says what is wrong


def _items(text: _Text) -> Iterator[ArrayItem]:
    if text.next() != "[":
        raise text.broken("an array begins with [")
    text.skip(1)
    if text.next() != "]":
        while True:
            text.next()
            text.num_items += 1
            yield text.item()
            mark = text.next()
            if mark == "]":
                break
            if mark != ",":
                raise text.broken("a comma or the closing bracket is missing")
            text.skip(1)
    text.skip(1)


def _items_under(text: _Text, key: str) -> Iterator[ArrayItem]:
    if text.next() != "{":
        raise text.broken("an object begins with {")
    text.skip(1)
    mark = text.next()
    while mark != "}":
        name = text.item().value if mark == '"' else None
        if not isinstance(name, str) or text.next() != ":":
            raise text.broken("a key and a colon are missing")
        text.skip(1)
        if text.next() == "[" and name == key:
            yield from _items(text)
        else:
            text.item()
        mark = text.next()
        if mark == ",":
            text.skip(1)
            mark = text.next()
        elif mark != "}":
            raise text.broken("a comma or the closing bracket is missing")
    text.skip(1)


class _Text:
    """A window on the text of a file: what is not yet read, up to some length."""

    def __init__(
        self, file: IO[bytes], path: str | Path, kind: str, noun: str, advice: str
    ) -> None:
        self.num_items = 0
        self._file = file
        self._path = path
        self._kind, self._noun, self._advice = kind, noun, advice
        self._decode = codecs.getincrementaldecoder("utf-8")()
        self._text = ""
        self._place = 0
        self._line = 1
        self._is_whole = False

    def next(self) -> str:
        """Go to the next character that is no white space; empty at the end of the file."""
        while True:
            found = _SPACE.match(self._text, self._place)
            assert found is not None
            self.skip(found.end() - self._place)
            if self._place < len(self._text):
                return self._text[self._place]
            if not self._more():
                return ""

    def skip(self, num_chars: int) -> None:
        """Go on by some characters, counting lines."""
        end = self._place + num_chars
        self._line += self._text.count("\n", self._place, end)
        self._place = end

    def item(self) -> ArrayItem:
        """Read the value that begins here."""
        while True:
            line, value, problem = self._line, None, None
            try:
                value, end = _DECODER.raw_decode(self._text, self._place)
            except (ValueError, RecursionError) as error:
                found = _end_of_item(self._text, self._place)
                if found is None:
                    if self._more():
                        continue
                    self.num_items = max(self.num_items - 1, 0)
                    raise self.broken("an item has no end") from error
                end = found
                problem = error.msg if isinstance(error, json.JSONDecodeError) else str(error)
            if end == len(self._text) and self._more():
                continue  # a number may go on
            self.skip(end - self._place)
            return ArrayItem(line, value, problem)

    def broken(self, reason: str) -> DataError:
        """Return the error that says where the array is broken."""
        return DataError(
            f"not one JSON {self._kind}: broken after {self._noun} {self.num_items} ({reason}); "
            + self._advice,
            self._path,
            self._line,
        )

    def _more(self) -> bool:
        """Read on; return whether there was more."""
        if self._is_whole:
            return False
        rest = self._text[self._place :]
        raw = self._file.read(max(_CHUNK, len(rest)))
        self._is_whole = not raw
        try:
            self._text = rest + self._decode.decode(raw, final=self._is_whole)
        except UnicodeDecodeError as error:
            raise DataError(
                f"not UTF-8 text after {self._noun} {self.num_items}; convert the file to UTF-8",
                self._path,
            ) from error
        self._place = 0
        return not self._is_whole


def _end_of_item(text: str, start: int) -> int | None:
    """Return where an item ends by its brackets and quotes; `None` if the text stops before."""
    depth = 0
    for found in _TOKEN.finditer(text, start):
        token = found[0]
        if token == '"':  # a string without an end
            return None
        if token in ("[", "{"):
            depth += 1
        elif token in ("]", "}"):
            depth -= 1
            if depth <= 0:
                return found.end() if depth == 0 else found.start()
        elif token == "," and not depth:
            return found.start()
    return None
