"""Words as units: where each comes from, and what becomes of words without pieces."""

import torch

from spanbert_allen.modules.coref.units import DocumentPieces, word_units

# Two segments; the words 0, 3 and 6 have no pieces, the word 4 goes over the end of the first.
WORD_IDS = [-1, 1, 1, 2, 4, -1, -1, 4, 5, -1]
SENTENCES = [0, 0, 0, 1, 1, 1, 1]


def document(**gold) -> DocumentPieces:
    return DocumentPieces(
        token_ids=torch.arange(10) + 100,
        segment_ids=torch.tensor([0] * 6 + [1] * 4),
        word_ids=torch.tensor(WORD_IDS),
        sentence_ids=torch.zeros(10, dtype=torch.long),
        speaker_ids=torch.tensor([0, 1, 1, 2, 2, 0, 0, 2, 1, 0]),
        **gold,
    )


VECTORS = torch.arange(20.0).view(10, 2) ** 2


def test_all_words_of_a_whole_document():
    gold = {"gold_spans": torch.tensor([[1, 2], [4, 8]]), "gold_cluster_ids": torch.tensor([0, 1])}
    units, vectors = word_units(document(**gold), VECTORS, SENTENCES, is_whole=True)
    assert units.word_ids.tolist() == [0, 1, 2, 3, 4, 5, 6]
    assert units.sentence_ids.tolist() == SENTENCES
    assert units.segment_ids.tolist() == [0, 0, 0, 0, 0, 1, 1]
    assert units.speaker_ids.tolist() == [0, 1, 2, 0, 2, 1, 0]
    assert units.token_ids.tolist() == [0, 101, 103, 0, 104, 108, 0]
    assert units.gold_spans.tolist() == [[1, 1], [4, 5]]
    assert units.gold_cluster_ids.tolist() == [0, 1]
    expected = [
        torch.zeros(2) if not places else VECTORS[places].mean(0)
        for places in ([], [1, 2], [3], [], [4, 7], [8], [])
    ]
    torch.testing.assert_close(vectors, torch.stack(expected))


def test_a_window_has_the_words_between_its_first_and_its_last():
    cut = document(gold_spans=torch.tensor([[4, 8]]), gold_cluster_ids=torch.tensor([1]))
    cut = cut.select(cut.segment_ids == 0)
    units, vectors = word_units(cut, VECTORS[:6], SENTENCES, is_whole=False)
    assert units.word_ids.tolist() == [1, 2, 3, 4]
    assert units.sentence_ids.tolist() == [0, 0, 1, 1]
    assert units.gold_spans.tolist() == []  # it ends in the other segment
    torch.testing.assert_close(vectors[3], VECTORS[4])
    torch.testing.assert_close(vectors[2], torch.zeros(2))


def test_gradients_go_to_pieces():
    vectors = VECTORS.clone().requires_grad_()
    _, pooled = word_units(document(), vectors, SENTENCES, is_whole=True)
    pooled.sum().backward()
    expected = [0, 0.5, 0.5, 1, 0.5, 0, 0, 0.5, 1, 0]
    torch.testing.assert_close(vectors.grad[:, 0], torch.tensor(expected))


def test_no_pieces_at_all():
    empty = document().select(torch.zeros(10, dtype=torch.bool))
    units, vectors = word_units(empty, VECTORS[:0], [], is_whole=False)
    assert units.word_ids.numel() == 0 and vectors.shape == (0, 2)
    units, vectors = word_units(empty, VECTORS[:0], [0, 0], is_whole=True)
    assert units.word_ids.tolist() == [0, 1] and vectors.tolist() == [[0, 0], [0, 0]]
