import logging
import sys

import numpy as np
import pytest
import torch
from allennlp.data import Batch, Vocabulary

from spanbert_allen.common.spans import WordSpan
from spanbert_allen.data.indexer import SpanbertIndexer
from spanbert_allen.dataset_readers import document_to_instance
from spanbert_allen.formats.coref.document import CorefDocument

GONE = "\u200b"  # a word that the vocabulary's cleaning leaves nothing of


@pytest.fixture(scope="module")
def indexer():
    return SpanbertIndexer("tiny", max_length=8)


def document(*sentences, **kwargs):
    return CorefDocument.from_sentences("doc", [s.split() for s in sentences], **kwargs)


def array(instance, name):
    return instance[name].tensor.numpy()


def spans(*pairs):
    return tuple(WordSpan(*pair) for pair in pairs)


def batched(*instances):
    batch = Batch(instances)
    batch.index_instances(Vocabulary())
    return batch.as_tensor_dict()


def test_pieces_of_the_indexer_are_handed_on(indexer):
    doc = document("a b c", "d e f g")
    instance = document_to_instance(doc, indexer)
    pieces = indexer.index_document(doc.words, doc.sentence_ids)
    for name in ("token_ids", "segment_ids", "word_ids", "sentence_ids"):
        np.testing.assert_array_equal(array(instance, name), getattr(pieces, name))
        assert instance[name].tensor.dtype == torch.int64
    # Two segments: [CLS], words, [SEP]; the sentences do not fit into one.
    assert array(instance, "word_ids").tolist() == [-1, 0, 1, 2, -1, -1, 3, 4, 5, 6, -1]
    assert instance["metadata"].metadata["document"] is doc
    assert instance["metadata"].metadata["pieces"].token_ids.tolist() == pieces.token_ids.tolist()


def test_speakers_are_numbered_as_they_appear(indexer):
    doc = document("a b c", "d", speakers=["Tom", "Ida", "Tom", "-"])
    instance = document_to_instance(doc, indexer)
    assert array(instance, "word_ids").tolist() == [-1, 0, 1, 2, 3, -1]
    assert array(instance, "speaker_ids").tolist() == [0, 1, 2, 1, 3, 0]


def test_without_speakers_all_words_share_one(indexer):
    instance = document_to_instance(document("a b"), indexer)
    assert array(instance, "speaker_ids").tolist() == [0, 1, 1, 0]


def test_gold_in_pieces(indexer):
    # "unaffordability" is several pieces of any vocabulary this small.
    doc = document("The unaffordability of it", clusters=[spans((3, 3)), spans((0, 3), (0, 1))])
    instance = document_to_instance(doc, indexer)
    pieces = instance["metadata"].metadata["pieces"]
    assert pieces.last_pieces[1] > pieces.first_pieces[1]
    first, last = pieces.first_pieces, pieces.last_pieces
    # In document order, whatever the order of the clusters.
    assert array(instance, "gold_spans").tolist() == [
        [first[0], last[1]],
        [first[0], last[3]],
        [first[3], last[3]],
    ]
    assert array(instance, "gold_cluster_ids").tolist() == [1, 1, 0]


def test_documents_without_annotation_have_no_gold(indexer):
    instance = document_to_instance(document("a b"), indexer)
    assert array(instance, "gold_spans").shape == (0, 2)
    assert array(instance, "gold_cluster_ids").shape == (0,)
    assert instance["metadata"].metadata["document"].clusters is None


def test_mentions_shrink_to_words_with_pieces_or_go(indexer, caplog):
    doc = document(
        f"a {GONE} {GONE} b c",
        clusters=[spans((0, 1), (2, 3)), spans((1, 2), (4, 4)), spans((1, 3))],
    )
    with caplog.at_level(logging.WARNING):
        instance = document_to_instance(doc, indexer)
    # Pieces: [CLS] a b c [SEP]. (1, 2) has none; (1, 3) would be the same pieces as (2, 3).
    assert array(instance, "gold_spans").tolist() == [[1, 1], [2, 2], [3, 3]]
    assert array(instance, "gold_cluster_ids").tolist() == [0, 0, 1]
    assert "doc: 2 annotated mentions left out" in caplog.text


def test_a_batch_is_padded(indexer):
    long = document("a b c", clusters=[spans((0, 0), (2, 2))], speakers=["x", "x", "y"])
    short = document("a", clusters=[])
    tensors = batched(document_to_instance(long, indexer), document_to_instance(short, indexer))
    assert tensors["token_ids"][1, 3:].tolist() == [0, 0]
    assert tensors["segment_ids"].tolist() == [[0] * 5, [0, 0, 0, -1, -1]]
    assert tensors["word_ids"].tolist() == [[-1, 0, 1, 2, -1], [-1, 0, -1, -1, -1]]
    assert tensors["sentence_ids"][1, 3:].tolist() == [-1, -1]
    assert tensors["speaker_ids"].tolist() == [[0, 1, 1, 2, 0], [0, 1, 0, 0, 0]]
    assert tensors["gold_spans"].tolist() == [[[1, 1], [3, 3]], [[-1, -1], [-1, -1]]]
    assert tensors["gold_cluster_ids"].tolist() == [[0, 0], [-1, -1]]
    assert [m["document"].doc_key for m in tensors["metadata"]] == ["doc", "doc"]


@pytest.mark.parametrize("words", ["", GONE])
def test_a_document_of_no_pieces(indexer, words):
    clusters = [spans((0, 0))] if words else []
    instance = document_to_instance(document(words, clusters=clusters), indexer)
    tensors = batched(instance)
    for name in ("token_ids", "segment_ids", "word_ids", "sentence_ids", "speaker_ids"):
        assert tensors[name].shape == (1, 0)
    assert tensors["gold_spans"].shape == (1, 0, 2)


def calls_to_make_an_instance(num_words, indexer):
    """Count the Python functions called for a document in which every cluster is long."""
    words = [f"w{i % 500}" for i in range(num_words)]
    clusters = [spans(*((i, i + 1) for i in range(k, num_words, 70))) for k in range(20)]
    sentences = [words[i : i + 20] for i in range(0, num_words, 20)]
    doc = CorefDocument.from_sentences("novel", sentences, clusters=clusters)
    calls = 0

    def count(frame, event, argument):
        nonlocal calls
        calls += event == "call"

    sys.setprofile(count)
    try:
        instance = document_to_instance(doc, indexer)
    finally:
        sys.setprofile(None)
    assert array(instance, "gold_spans").shape == (20 * num_words // 70, 2)
    return calls


def test_work_grows_with_the_length_and_not_with_its_square(indexer):
    calls_to_make_an_instance(7_000, indexer)  # what is done once and kept
    once, thrice = (calls_to_make_an_instance(size, indexer) for size in (7_000, 21_000))
    assert thrice < 3.3 * once
