"""Find an answer in word pieces in the text again, as the original programs do."""

from collections.abc import Sequence

from spanbert_allen.common.spans import CharSpan
from spanbert_allen.data.pieces import BasicStep


def joined_pieces(pieces: Sequence[str]) -> str:
    """Return word pieces as a text; those that continue a word are joined to it, even the first."""
    text = " ".join(pieces).replace(" ##", "").replace("##", "")
    return " ".join(text.split())


def projected(predicted: str, original: str, basic: BasicStep) -> CharSpan:
    """
    Return where a predicted text stands in the words it comes from.

    What the tokenizer has changed, such as capitals and accents, is found again, and what it has
    cut off the words' ends stays off.

    # Parameters

    predicted : `str`
        As `joined_pieces` gives it.
    original : `str`
        The words around it, with single spaces.
    basic : `BasicStep`
        How words are cut before they are cut into pieces.

    # Returns

    `CharSpan`
        The characters of the first such place in `original`; all of it where there is none, or
        where the step changes the number of characters that are not spaces.
    """
    whole = CharSpan(0, len(original))
    cut = " ".join(basic.parts(original))
    start = cut.find(predicted)
    if start < 0 or not predicted:
        return whole
    places = [place for place, character in enumerate(original) if character != " "]
    if len(places) != len(cut) - cut.count(" "):
        return whole
    end = start + len(predicted)
    first = start - cut.count(" ", 0, start)
    last = end - 1 - cut.count(" ", 0, end)
    return CharSpan(places[first], places[last] + 1)
