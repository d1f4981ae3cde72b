"""The pipeline's answers against the pipeline of the transformers library itself."""

import math
from itertools import product

import numpy as np
import pytest
import torch
from allennlp.common import Params
from transformers import (
    BertConfig,
    BertForQuestionAnswering,
    BertTokenizerFast,
    QuestionAnsweringPipeline,
)

from spanbert_allen.data.pieces import PieceTokenizer, SpecialPieces
from spanbert_allen.data.qa.instance import (
    QuestionWindows,
    WindowShape,
)
from spanbert_allen.data.qa.passage import make_passage
from spanbert_allen.data.qa.windows import best_windows
from spanbert_allen.encoders import WordPieceVocabulary, find_encoder
from spanbert_allen.modules.qa.decoder import AnswerDecoder, WindowScores
from spanbert_allen.modules.qa.pipeline import PipelineAnswers
from spanbert_allen.predictors.qa.predictor import QAOptions
from tests.modules.qa.pair_terms import null_of, term_of, with_pairs

QUESTION = "Who wrote the book about Zoë's café?"
CONTEXT = (
    "In  1887-1889, Steve Smith's friend wrote (for $5 million) a long book about the café.\n"
    "It had no title; Zoë's\tsister gave it one in Paris. Nobody bought it, but everyone read it."
)
MAX_LENGTH, OVERLAP = 40, 8


def pieces_of(folder, lower_case):
    """A vocabulary in which both spellings are found, and words fall into several pieces."""
    letters = sorted(set(CONTEXT + QUESTION) | set((CONTEXT + QUESTION).lower()) - set(" \t\n"))
    letters = [letter for letter in letters if not letter.isspace()]
    words = ["wrote", "book", "the", "a", "##ie", "Ste", "ste", "##ve", "18", "##87", "mil"]
    special = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
    pieces = [*special, *words, *letters, *(f"##{letter}" for letter in letters)]
    pieces = list(dict.fromkeys(pieces))
    place = folder / "vocab.txt"
    place.write_text("\n".join(pieces), encoding="utf-8")
    fast = BertTokenizerFast(vocab_file=str(place), do_lower_case=lower_case)
    return PieceTokenizer(WordPieceVocabulary(tuple(pieces)), lower_case=lower_case), fast


@pytest.fixture(params=[False, True], ids=["cased", "uncased"])
def pipeline_and_tokenizer(request, tmp_path):
    tokenizer, fast = pieces_of(tmp_path, request.param)
    config = BertConfig(**find_encoder("tiny").config | {"vocab_size": len(tokenizer.vocabulary)})
    config.architectures = ["BertForQuestionAnswering"]
    model = BertForQuestionAnswering(config).eval()
    torch.nn.init.normal_(model.qa_outputs.weight, std=0.7)
    return QuestionAnsweringPipeline(model, fast, device=-1), tokenizer


def windows_of(pipeline, tokenizer, question, options):
    """Windows cut as the predictor cuts them for this decoder, scored by the pipeline's model."""
    passage = make_passage(CONTEXT, tokenizer)
    trained = WindowShape(384, 128, 64)
    shape = QAOptions(**options).shape(trained, as_pipeline=PipelineAnswers.cuts_as_pipeline)
    windows = QuestionWindows(
        tokenizer.pieces_of(question), passage, SpecialPieces.of(tokenizer), shape
    )
    best = best_windows(windows.spans, len(passage))
    scores = []
    for number in range(len(windows.spans)):
        columns = windows.columns(number)
        with torch.no_grad():
            output = pipeline.model(
                torch.tensor(columns["token_ids"])[None].long(),
                token_type_ids=torch.tensor(columns["type_ids"])[None].long(),
            )
        scores.append(
            WindowScores(
                output.start_logits[0].numpy(),
                output.end_logits[0].numpy(),
                columns["passage_pieces"],
                windows.max_context(number, best),
            )
        )
    return passage, scores


def assert_same(pipeline, tokenizer, question, options, **decoding):
    """Compare our answers with the pipeline's own; returns the number of our windows."""
    passage, windows = windows_of(pipeline, tokenizer, question, options)
    wanted = pipeline(question=question, context=CONTEXT, **options, **decoding)
    decoder = PipelineAnswers(
        n_best=decoding["top_k"],
        max_answer_length=decoding["max_answer_len"],
        align_to_words=decoding["align_to_words"],
    )
    decoded = decoder.decode(windows, passage, impossible=decoding["handle_impossible_answer"])
    places = [one.chars or (0, 0) for one in decoded.answers]
    wanted = wanted if isinstance(wanted, list) else [wanted]
    assert len(wanted) == decoding["top_k"]
    assert [(one.text, *place) for one, place in zip(decoded.answers, places, strict=True)] == [
        (one["answer"], one["start"], one["end"]) for one in wanted
    ]
    assert [one.probability for one in decoded.answers] == pytest.approx(
        [one["score"] for one in wanted], abs=1e-6, rel=1e-4
    )
    return len(windows)


@pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")
@pytest.mark.parametrize("impossible", [False, True])
@pytest.mark.parametrize("align_to_words", [False, True])
@pytest.mark.parametrize(("top_k", "max_length"), [(1, 15), (5, 15), (12, 3)])
def test_the_same_as_the_pipeline(
    pipeline_and_tokenizer, impossible, align_to_words, top_k, max_length
):
    options = {"doc_stride": OVERLAP, "max_seq_len": MAX_LENGTH}
    num_windows = assert_same(
        *pipeline_and_tokenizer,
        QUESTION,
        options,
        top_k=top_k,
        max_answer_len=max_length,
        handle_impossible_answer=impossible,
        align_to_words=align_to_words,
    )
    assert num_windows > 2


@pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")
@pytest.mark.parametrize(
    ("question", "options"),
    [
        (
            QUESTION * 4,
            {"max_seq_len": 160, "doc_stride": 10},
        ),  # more than 64 pieces: none is cut off
        (QUESTION * 4, {"max_question_len": 3, "max_seq_len": 160, "doc_stride": 10}),
        (QUESTION, {"max_seq_len": 67}),  # the overlap is half of the window
        (QUESTION, {"max_seq_len": 100}),
        ("Who?", {"max_seq_len": 20}),
        (QUESTION, {"max_seq_len": 67, "doc_stride": 0}),
    ],
)
def test_windows_are_those_of_the_pipeline(pipeline_and_tokenizer, question, options):
    decoding = {"top_k": 4, "max_answer_len": 15, "align_to_words": True}
    found = assert_same(
        *pipeline_and_tokenizer, question, options, handle_impossible_answer=True, **decoding
    )
    assert found > 1


def by_hand(cls, starts, ends):
    """A window of [CLS], a question of one piece, pieces with these logits, [SEP], padding."""
    pieces = np.array([-1, -1, -1, *range(len(starts)), -1, -1])
    around = np.full(len(pieces), 30, np.float32)
    window = WindowScores(around, around.copy(), pieces, pieces >= 0)
    for logits, inside in ((window.start_logits, starts), (window.end_logits, ends)):
        logits[0] = cls
        logits[3:-2] = inside
    return window


def test_no_answer_wins_where_the_pipeline_says_so():
    tokenizer = PieceTokenizer.from_files(find_encoder("minilm"))
    passage = make_passage("one two", tokenizer)
    sure, unsure = by_hand(5, [0, 0], [0, 0]), by_hand(2, [0, 0], [0, 0])
    decoded = PipelineAnswers(n_best=3).decode([sure, unsure], passage, impossible=True)
    null = (math.exp(2) / (math.exp(2) + 2)) ** 2
    assert decoded.answers[0].text == ""
    assert decoded.answers[0].probability == pytest.approx(null)
    assert decoded.no_answer_score == pytest.approx(4)  # twice the difference of the logits
    assert len(decoded.answers) == 3
    # With room for one there is no text, but a higher threshold would choose it.
    single = PipelineAnswers(n_best=1).decode([sure, unsure], passage, impossible=True)
    assert [one.text for one in single.answers] == [""]
    assert single.no_answer_score == pytest.approx(4) and single.best == decoded.best
    assert PipelineAnswers().decode([sure], passage, impossible=False).null_score is None


def test_with_terms_of_pairs_a_probability_is_among_all_spans_of_the_window():
    tokenizer = PieceTokenizer.from_files(find_encoder("minilm"))
    passage = make_passage("one two three", tokenizer)
    plain = [by_hand(cls, [1, 3, 0], [2, 0, 1]) for cls in (2, 1)]
    windows = with_pairs(plain, seed=4, kept=2)
    probabilities, nulls = [], []
    for window in windows:
        spans = {
            (start - 3, end - 3): window.start_logits[start] + window.end_logits[end] + term
            for start, end in product(range(3, 6), repeat=2)
            if (term := term_of(window, start, end)) is not None
        }
        total = sum(map(math.exp, [*spans.values(), null_of(window)]))
        nulls.append(math.exp(null_of(window)) / total)
        probabilities += [
            (math.exp(score) / total, passage.text[slice(*passage.chars(*span))])
            for span, score in spans.items()
            if span[1] - span[0] < 2
        ]
    wanted = sorted([*probabilities, (min(nulls), "")], reverse=True)
    decoder = PipelineAnswers(max_answer_length=2)
    answers = decoder.decode(windows, passage, impossible=True).answers
    assert sorted(one.text for one in answers) == sorted(text for _, text in wanted)
    assert [one.probability for one in answers] == pytest.approx([share for share, _ in wanted])


def test_few_spans_give_few_answers():
    tokenizer = PieceTokenizer.from_files(find_encoder("minilm"))
    passage = make_passage("one two", tokenizer)
    window = by_hand(0, [3, 2], [1, 2])
    decoded = PipelineAnswers().decode([window, window], passage, impossible=False)
    # Firsts 3 and 2, lasts 1 and 2: 5, 4 and, the second piece alone, 4.
    assert [one.text for one in decoded.answers] == ["one two"] * 2 + ["one", "two"] * 2
    assert PipelineAnswers().decode([], make_passage("", tokenizer), impossible=True).best is None


def test_from_a_configuration():
    decoder = AnswerDecoder.from_params(Params({"type": "pipeline", "align_to_words": False}))
    assert isinstance(decoder, PipelineAnswers) and not decoder.align_to_words
