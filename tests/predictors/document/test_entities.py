"""The entities that a user gives, in the words of a text."""

from __future__ import annotations

import pytest
import spacy

from spanbert_allen.predictors.document.entities import doc_with_entities


@pytest.mark.parametrize("pipeline", [None, spacy.blank("en")])
@pytest.mark.parametrize(
    ("text", "given", "found", "firsts"),
    [
        ("Tokyo2020 opened. Ida came.", [[0, 5], [5, 9]], ["Tokyo", "2020"], ["Tokyo", "Ida"]),
        ("Ida left. Bo-x stayed.", [[0, 3], [9, 12]], ["Ida", "Bo"], ["Ida", "Bo"]),
        ("安娜贝尔创立了林格斯公司。", [[0, 4], [7, 12]], ["安娜贝尔", "林格斯公司"], ["安娜贝尔"]),
    ],
)
def test_entities_stay_as_they_are_given_and_so_do_sentences(pipeline, text, given, found, firsts):
    """A word that an entity begins or ends in is cut; white space is no part of an entity."""
    doc = doc_with_entities(text, pipeline=pipeline, language="en", given=given)
    assert doc.text == text
    assert [entity.text for entity in doc.ents] == found
    if pipeline is None or len(doc) > len(pipeline(text)):
        assert [token.text for token in doc if token.is_sent_start] == firsts
