"""Windows of a batch under each other, and their loss."""

import torch

from spanbert_allen.modules.qa.windows import (
    AnswerWindows,
    answer_loss,
    joined_windows,
    window_layouts,
)


def split_windows(logits, segments, pieces):
    """The windows of rows that have been scored."""
    (layout,) = window_layouts(segments)
    columns = [layout.of(logits[..., end].detach()) for end in (0, 1)]
    scores = torch.stack(columns, -1).requires_grad_(logits.requires_grad)
    return layout, AnswerWindows(scores, layout.mask, layout.of(pieces, -1))


def test_windows_find_their_labels():
    segments = torch.tensor([[0, 0, 1, 1, 1, -1], [0, 0, 0, 0, 0, 0]])
    logits = torch.randn(2, 6, 2)
    pieces = torch.where(segments >= 0, torch.arange(6) - 1, -1)
    layout, windows = split_windows(logits, segments, pieces)
    assert layout.rows.tolist() == [1, 0, 0]
    assert layout.numbers.tolist() == [0, 1, 0]
    assert windows.mask.sum(1).tolist() == [6, 3, 2]
    torch.testing.assert_close(windows.logits[1, :3], logits[0, 2:5])
    starts, ends = torch.tensor([[4, 5], [6, -1]]), torch.tensor([[7, 8], [9, -1]])
    assert layout.answers(starts, ends).tolist() == [[6, 9], [5, 8], [4, 7]]
    assert windows.passage_pieces[2].tolist() == [-1, 0, -1, -1, -1, -1]
    assert windows.may_be_answer[2].tolist() == [True, True, False, False, False, False]


def test_padding_has_no_part_in_the_loss():
    segments = torch.tensor([[0, 0, -1, -1]])
    pieces = torch.tensor([[-1, 0, -1, -1]])
    logits = torch.tensor([[[0.0, 0.0], [1.0, 2.0], [90.0, 90.0], [90.0, 90.0]]])
    _, windows = split_windows(logits, segments, pieces)
    wanted = torch.tensor([[1, 0]])
    start = torch.logsumexp(torch.tensor([0.0, 1.0]), 0) - 1
    end = torch.logsumexp(torch.tensor([0.0, 2.0]), 0)
    for over_everything in (True, False):
        loss = answer_loss(windows, wanted, over_everything=over_everything)
        torch.testing.assert_close(loss, (start + end) / 2)


def test_no_windows_at_all():
    empty = torch.zeros(2, 0, dtype=torch.long)
    layout, windows = split_windows(torch.zeros(2, 0, 2, requires_grad=True), empty, empty)
    answers = layout.answers(empty, empty)
    loss = answer_loss(windows, answers, over_everything=False)
    assert loss.item() == 0
    loss.backward()


def test_a_budget_cuts_the_same_windows_into_parts():
    segments = torch.tensor([[0, 0, 1, 1, 1, -1], [0, 0, 0, 0, 0, 0]])
    pieces = torch.where(segments >= 0, torch.arange(6) - 1, -1)
    logits = torch.randn(2, 6, 2)
    _, whole = split_windows(logits, segments, pieces)
    layouts = window_layouts(segments, 6)
    assert [layout.mask.shape for layout in layouts] == [(1, 6), (2, 3)]
    joined = joined_windows(
        [
            AnswerWindows(
                torch.stack([layout.of(logits[..., end]) for end in (0, 1)], -1),
                layout.mask,
                layout.of(pieces, -1),
            )
            for layout in layouts
        ]
    )
    for name in ("logits", "mask", "passage_pieces"):
        torch.testing.assert_close(getattr(joined, name), getattr(whole, name))
