"""Find out whether the label that is said to mean "no relation" can be the one of the data."""

from __future__ import annotations

from collections.abc import Mapping

_USUAL = frozenset(
    ["na", "none", "norelation", "norel", "nil", "null", "other", "unrelated", "norelationship"]
)


def negative_label_problem(counts: Mapping[str, int], negative: str | None) -> str | None:
    """
    Return what speaks against a negative label, as the beginning of a sentence; `None` if nothing.

    F1 leaves the negative label out: with another one than the data's, it counts pairs without a
    relation as relations that were found.

    # Parameters

    counts : `Mapping[str, int]`
        How many examples of the data have each label.
    negative : `str`, optional
        The label for no relation; `None` if there is no such one.
    """
    others = {label: count for label, count in counts.items() if label != negative}
    if negative is None or not others:
        return None
    likely = max(others, key=lambda label: (means_no_relation(label), others[label]))
    total = sum(counts.values())
    share = f"{others[likely]} of {total} examples have the label {likely}"
    if not counts.get(negative):
        return f"no example has the label {negative}, which means no relation; {share}"
    is_obvious = means_no_relation(likely) or 2 * others[likely] > total
    if is_obvious and others[likely] > counts[negative]:
        return f"{share}, and {counts[negative]} have {negative}, which means no relation"
    return None


def means_no_relation(label: str) -> bool:
    """Return whether a label is called as data sets call that of pairs without a relation."""
    return "".join(filter(str.isalnum, label.casefold())) in _USUAL
