"""From a coreference result back to the document it is of."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import chain
from typing import Any

from spanbert_allen.common.errors import DataError
from spanbert_allen.common.spans import WordSpan
from spanbert_allen.formats.coref.document import CorefDocument
from spanbert_allen.results.escaping import encodable
from spanbert_allen.results.kinds import name_of


def document_of_result(result: Mapping[str, Any]) -> CorefDocument:
    """
    Return the document, in the words that the model saw, with the predicted clusters.

    # Parameters

    result : `Mapping[str, Any]`
        A result of the predictor `spanbert_coref` with its option `sentences`; raises `DataError`
        for one without.
    """
    if result.get("sentences") is None:
        raise DataError(
            f"the prediction of {name_of(result)} does not hold the words of the text, which "
            "CoNLL rows are made of: predict with `--predictor-args '{\"sentences\": true}'`, or "
            "into a file named .conll; or let `spanbert-allen convert` split the text again"
        )
    sentences = [[encodable(word) for word in sentence] for sentence in result["sentences"]]
    speakers = result.get("speakers")
    return CorefDocument.from_sentences(
        name_of(result),
        sentences,
        speakers=None if speakers is None else [encodable(name) for name in chain(*speakers)],
        clusters=[
            tuple(WordSpan(*mention["words"]) for mention in cluster)
            for cluster in result["clusters"]
        ],
    )
