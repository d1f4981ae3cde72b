"""One document of a padded batch, and what is cut from it."""

import torch

from spanbert_allen.modules.coref.units import DocumentPieces, gold_labels, random_window, unpad


def make_document() -> DocumentPieces:
    # Two words a segment between [CLS] and [SEP], five segments.
    segment_ids = torch.arange(5).repeat_interleave(4)
    special = torch.tensor([True, False, False, True]).repeat(5)
    word_ids = torch.where(special, -1, (~special).long().cumsum(0) - 1)
    return DocumentPieces(
        token_ids=torch.arange(20),
        segment_ids=segment_ids,
        word_ids=word_ids,
        sentence_ids=segment_ids,
        speaker_ids=torch.ones(20, dtype=torch.long),
        gold_spans=torch.tensor([[1, 2], [5, 5], [9, 10], [14, 14], [18, 18]]),
        gold_cluster_ids=torch.tensor([0, 1, 0, 1, 0]),
    )


def test_units_without_special_pieces_keep_their_mentions():
    document = make_document()
    words = document.select(document.word_ids >= 0)
    assert words.word_ids.tolist() == list(range(10))
    assert words.gold_spans.tolist() == [[0, 1], [2, 2], [4, 5], [7, 7], [9, 9]]
    assert words.gold_cluster_ids.tolist() == [0, 1, 0, 1, 0]


def test_windows_are_drawn_anew_and_hold_their_mentions():
    document = make_document()
    seen = set()
    torch.manual_seed(1)
    for _ in range(60):
        window = random_window(document, 2)
        first = int(window.segment_ids[0])
        seen.add(first)
        assert window.segment_ids.tolist() == [first] * 4 + [first + 1] * 4
        inside = [
            (start - 4 * first, end - 4 * first, cluster)
            for (start, end), cluster in zip(
                document.gold_spans.tolist(), document.gold_cluster_ids.tolist(), strict=True
            )
            if 4 * first <= start and end < 4 * first + 8
        ]
        found = zip(window.gold_spans.tolist(), window.gold_cluster_ids.tolist(), strict=True)
        assert [(*span, cluster) for span, cluster in found] == inside
    assert seen == {0, 1, 2, 3}


def test_short_documents_are_left_whole():
    document = make_document()
    assert random_window(document, 5) is document
    nothing = DocumentPieces(*(column[:0] for column in document[:5]))
    assert random_window(nothing, 1) is nothing


def test_padding_goes():
    document = make_document()
    columns = tuple(
        torch.stack([column, torch.cat([column[:8], torch.full((12,), -1)])])
        for column in document[:5]
    )
    gold_spans = torch.stack([document.gold_spans, torch.full((5, 2), -1)])
    gold_spans[1, 0] = torch.tensor([1, 2])
    gold_cluster_ids = torch.stack([document.gold_cluster_ids, torch.tensor([3, -1, -1, -1, -1])])
    whole, short = unpad(columns, gold_spans, gold_cluster_ids)
    for column, expected in zip(whole, document, strict=True):
        same = torch.equal(column, expected) if torch.is_tensor(expected) else column == expected
        assert same
    assert short.token_ids.tolist() == list(range(8))
    assert short.gold_spans.tolist() == [[1, 2]]
    assert short.gold_cluster_ids.tolist() == [3]
    assert unpad(columns, None, None)[0].gold_spans is None


def test_spans_find_their_cluster():
    document = make_document()
    labels = gold_labels(document, torch.tensor([1, 5, 5, 18]), torch.tensor([2, 5, 6, 18]))
    assert labels.tolist() == [0, 1, -1, 0]
