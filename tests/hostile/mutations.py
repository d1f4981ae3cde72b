"""Seeded mistakes in texts and in JSON values, as programs, editors and broken disks make them."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from random import Random
from typing import Any

_ODD_VALUES: tuple[Any, ...] = (
    None,
    True,
    0,
    -1,
    7,
    2_000_000_000,
    10**30,
    10**400,
    0.5,
    float("nan"),
    float("inf"),
    "",
    " ",
    "\u0000",
    "\ud800",
    "\ufeffx",
    "e\u0301\u200d\u202e",
    "x" * 3000,
    [],
    [[]],
    [None],
    [0, 0],
    [3, 1],
    {},
    {"a": []},
)
_ODD_TEXTS = (
    "",
    "\x00",
    "\ufeff",
    "\u2028",
    "\t",
    "\r",
    "\n\n",
    "(1)|(2)",
    "((((((((",
    '"',
    "{",
    "\\",
    "1e999",
    "9" * 400,
    "9" * 5000,
    "<e1>",
    "-",
    "_",
    "#begin document (x); part 000\n",
    "[" * 3000,
)


def mutated_value(value: Any, random: Random) -> Any:
    """Return a JSON value with one to three mistakes in it."""
    changed = copy.deepcopy(value)
    for _ in range(random.choice((1, 1, 1, 2, 3))):
        places = list(_places(changed, []))
        place = random.choice(places)
        if not place:
            continue
        *keys, last = place
        part = changed
        for key in keys:
            part = part[key]
        action = random.randrange(5)
        if action == 0:
            del part[last]
        elif action == 1 and isinstance(part, dict):
            part[f"{last}x"] = part.pop(last)
        elif action == 2 and isinstance(part, list):
            part.append(copy.deepcopy(part[last]))
        elif action == 3:
            other = random.choice(places)
            part[last] = copy.deepcopy(_at(value, other))
        else:
            part[last] = copy.deepcopy(random.choice(_ODD_VALUES))
    return changed


def mutated_text(content: bytes, random: Random) -> bytes:
    """Return the content of a file with one to three mistakes in it."""
    for _ in range(random.choice((1, 1, 1, 2, 3))):
        content = random.choice(_TEXT_MISTAKES)(content, random)
    return content


def _places(value: Any, path: list[Any]) -> Any:
    yield path
    items: Any = ()
    if isinstance(value, dict):
        items = value.items()
    elif isinstance(value, list):
        items = enumerate(value[:20])
    for key, item in items:
        yield from _places(item, [*path, key])


def _at(value: Any, path: list[Any]) -> Any:
    try:
        for key in path:
            value = value[key]
    except (LookupError, TypeError):
        return None
    return value


def _cut(content: bytes, random: Random) -> bytes:
    return content[: random.randrange(len(content) + 1)]


def _insert(content: bytes, random: Random) -> bytes:
    place = random.randrange(len(content) + 1)
    text = random.choice(_ODD_TEXTS).encode("utf-8", "surrogatepass")
    return content[:place] + text + content[place:]


def _flip(content: bytes, random: Random) -> bytes:
    if not content:
        return b"\xff"
    place = random.randrange(len(content))
    return content[:place] + bytes([random.randrange(256)]) + content[place + 1 :]


def _remove(content: bytes, random: Random) -> bytes:
    place = random.randrange(len(content) + 1)
    return content[:place] + content[place + random.randrange(1, 30) :]


def _lines(content: bytes, random: Random) -> bytes:
    lines = content.split(b"\n")
    place, other = random.randrange(len(lines)), random.randrange(len(lines))
    lines[place] = random.choice((b"", lines[other], lines[place] * 2, b"null", b"[]"))
    return b"\n".join(lines)


def _tokens(content: bytes, random: Random) -> bytes:
    tokens = content.split(b" ")
    place, other = random.randrange(len(tokens)), random.randrange(len(tokens))
    tokens[place], tokens[other] = tokens[other], tokens[place]
    return b" ".join(tokens)


def _json_line(content: bytes, random: Random) -> bytes:
    lines = content.split(b"\n")
    place = random.randrange(len(lines))
    try:
        value = json.loads(lines[place])
    except (ValueError, RecursionError):
        return _flip(content, random)
    lines[place] = dumped(mutated_value(value, random))
    return b"\n".join(lines)


_TEXT_MISTAKES: tuple[Callable[[bytes, Random], bytes], ...] = (
    _cut,
    _insert,
    _flip,
    _remove,
    _lines,
    _tokens,
    _json_line,
    _json_line,
)


def dumped(value: Any) -> bytes:
    """Return a value as a line of JSON, as broken as it is."""
    try:
        return json.dumps(value).encode()
    except (ValueError, RecursionError):
        return b"{"
