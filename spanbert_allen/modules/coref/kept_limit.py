"""The limit of kept spans costs mentions in long documents, and does so aloud."""

from __future__ import annotations

import logging

from spanbert_allen.modules.coref.head import CorefHead

logger = logging.getLogger(__name__)

_COSTS_FROM = 1.25
"""
How many times the limit the share of a document may be before it is said: more than a point of
mention recall by then (on LitBank, 1.4 points at 1.2 times, 5.6 at 1.6, 17.6 at 2.4).
"""


def warn_of_limit(head: CorefHead, num_units: int, doc_key: str) -> None:
    """
    Warns, naming the document and the setting, when `max_kept` keeps clearly fewer spans of it than
    the share `kept_per_unit` would.

    # Parameters

    head : `CorefHead`
    num_units : `int`
        The length of what the head sees at once.
    doc_key : `str`
        The document's name.
    """
    if head.max_kept is None:
        return
    share = int(head.kept_per_unit * num_units)
    if share <= _COSTS_FROM * head.max_kept:
        return
    logger.warning(
        "%s: of %d units, model.head.max_kept keeps %d spans as possible mentions and leaves out "
        "%d that its share of %g a unit would keep, so mentions may be missed; raise it, set it to "
        "null, or set model.windows",
        doc_key,
        num_units,
        head.max_kept,
        share - head.max_kept,
        head.kept_per_unit,
    )
