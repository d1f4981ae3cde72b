"""A text in which mentions are replaced by what they stand for; no torch needed."""

from __future__ import annotations

import itertools
import re
from bisect import bisect_left
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from spanbert_allen.results.marked_text import Mention, mentions_of
from spanbert_allen.results.writing.mention_rules import Expression, MentionRules, WordRules

_AROUND = 40
"""Characters that the rules see of what follows a mention."""
# A sentence mark or a blank line, and what may close that sentence or open the next.
_ENDS_SENTENCE = re.compile(
    r"(?:^|[.!?\u2026\u3002\uff01\uff1f]|\n[^\S\n]*\n)[\s\"'\u2018\u2019\u201c\u201d\u00ab\u00bb()\[\]]*$"
)
_CONTRACTED = re.compile(r"['\u2019](?![sS]\b)\w")
_POSSESSIVE_END = re.compile(r"(?<=\w)(?:['\u2019][sS]|(?<=[sS])['\u2019])$")

Filter = Callable[[Mapping[str, Any], Mapping[str, Any]], bool]
"""Gets a mention and the one that would stand for it, as they are in the result."""


def resolved_text(
    result: Mapping[str, Any],
    *,
    rules: MentionRules | None = None,
    replace: Filter | None = None,
) -> str:
    """
    Return the text of a coreference result with mentions replaced by what they stand for.

    Each mention of a chain is replaced by the chain's head: its first name, or else its first
    mention that is neither a pronoun nor a verb. A chain without one stays, and so do

    - mentions that hold others, or lie in one of their own chain: no two replacements overlap;
    - mentions that read like the head already, relative and reflexive pronouns, and contracted ones
      as in `I'm`;
    - chains of one mention, and the whole text when nothing is left to replace.

    A possessive is replaced by a possessive; a pronoun within a head is replaced there, too.

    # Parameters

    result : `Mapping[str, Any]`
        A result of the predictor `spanbert_coref`.
    rules : `MentionRules`, optional (default = `WordRules()`)
        What kind of expression a mention is.
    replace : `Filter`, optional (default = `None`)
        A mention is left as it is where this gives false.
    """
    text, rules = result["text"], rules or WordRules()
    places = _places(text, result["clusters"])
    heads = _heads(places, rules)
    chosen = [
        place
        for place in places
        if place.mention.chain in heads
        and _is_replaced(place, heads[place.mention.chain], rules)
        and (replace is None or replace(place.mention.details, _details(heads, place)))
    ]
    plain = {chain: _base(head.expression.text) for chain, head in heads.items()}
    without_overlap = _first_ones(chosen)
    # The text of a head is what it is after replacements within it.
    within = [place for place in without_overlap if not heads[place.mention.chain].holds_others]
    names = {
        chain: _base(_rewritten(text, head.mention.start, head.mention.end, within, plain, rules))
        for chain, head in heads.items()
    }
    return _rewritten(text, 0, len(text), without_overlap, names, rules)


def head_mentions(result: Mapping[str, Any], *, rules: MentionRules | None = None) -> list[int]:
    """
    Return for each cluster of a result the index of the mention that stands for it.

    It is the first name, or else the first mention that is neither a pronoun nor a verb, or else
    the first mention.

    # Parameters

    result : `Mapping[str, Any]`
        A result of the predictor `spanbert_coref`.
    rules : `MentionRules`, optional (default = `WordRules()`)
        What kind of expression a mention is.
    """
    clusters = result["clusters"]
    heads = _heads(_places(result["text"], clusters), rules or WordRules())
    return [
        cluster.index(heads[number].mention.details) if number in heads else 0
        for number, cluster in enumerate(clusters)
    ]


@dataclass
class _Place:
    """A mention, and how it lies among the others."""

    mention: Mention
    expression: Expression
    holds_others: bool = False
    lies_in_own: bool = False


def _places(text: str, clusters: Sequence[Sequence[Mapping[str, Any]]]) -> list[_Place]:
    """Return the mentions of chains in the order of the text, outer first."""
    around: list[_Place] = []
    places = []
    for mention in mentions_of(clusters):
        around = [other for other in around if other.mention.end > mention.start]
        holders = [other for other in around if other.mention.end >= mention.end]
        place = _Place(mention, _expression(text, mention, holders))
        around.append(place)
        if len(clusters[mention.chain]) == 1:
            continue
        for holder in holders:
            holder.holds_others = True
            place.lies_in_own |= holder.mention.chain == mention.chain
        places.append(place)
    return places


def _expression(text: str, mention: Mention, holders: Sequence[_Place]) -> Expression:
    start, end, _, details = mention
    before = text[max(0, start - _AROUND) : start]
    first, last = details.get("words") or (0, 0)
    return Expression(
        text[start:end],
        (first, last),
        text[end : end + _AROUND],
        begins_sentence=_ENDS_SENTENCE.search(before) is not None,
        begins_mention=any(holder.mention.start == start for holder in holders),
    )


def _heads(places: Sequence[_Place], rules: MentionRules) -> dict[int, _Place]:
    """Return the place of each chain's head."""
    heads: dict[int, _Place] = {}
    named: set[int] = set()
    for place in places:
        chain, kind = place.mention.chain, rules.kind(place.expression)
        if kind == "name" and chain not in named:
            heads[chain] = place
            named.add(chain)
        elif kind == "noun":
            heads.setdefault(chain, place)
    return heads


def _is_replaced(place: _Place, head: _Place, rules: MentionRules) -> bool:
    expression = place.expression
    if place is head or place.holds_others or place.lies_in_own:
        return False
    if rules.kind(expression) == "other" or _CONTRACTED.match(expression.after):
        return False
    name = _base(head.expression.text)
    if rules.is_possessive(expression) and rules.possessive(name) is None:
        return False
    return _base(expression.text).casefold() != name.casefold()


def _details(heads: Mapping[int, _Place], place: _Place) -> Mapping[str, Any]:
    return heads[place.mention.chain].mention.details


def _first_ones(places: Sequence[_Place]) -> list[_Place]:
    """Those that do not overlap one before them."""
    chosen: list[_Place] = []
    for place in places:
        if not chosen or chosen[-1].mention.end <= place.mention.start:
            chosen.append(place)
    return chosen


def _rewritten(
    text: str,
    start: int,
    end: int,
    places: Sequence[_Place],
    names: Mapping[int, str],
    rules: MentionRules,
) -> str:
    """Return a part of the text with the replacements that lie in it."""
    parts = []
    position = start
    first = bisect_left(places, start, key=lambda place: place.mention.start)
    for place in itertools.islice(places, first, None):
        if place.mention.start >= end:
            break
        if place.mention.end <= end:
            parts.append(text[position : place.mention.start])
            parts.append(_replacement(place.expression, names[place.mention.chain], rules))
            position = place.mention.end
    return "".join([*parts, text[position:end]])


def _replacement(mention: Expression, name: str, rules: MentionRules) -> str:
    if mention.begins_sentence:
        name = name[:1].upper() + name[1:]
    elif rules.begins_small(name):
        name = name[:1].lower() + name[1:]
    if rules.is_possessive(mention):
        return rules.possessive(name) or name
    return name


def _base(text: str) -> str:
    """On one line, and not possessive."""
    return _POSSESSIVE_END.sub("", " ".join(text.split()))
