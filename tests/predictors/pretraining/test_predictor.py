"""Masked spans of a user's own texts are filled, from context and from boundaries."""

from __future__ import annotations

import json

import pytest
import torch
from torch.nn.functional import gelu

import spanbert_allen
from spanbert_allen.__main__ import main
from spanbert_allen.common.errors import ConfigError, DataError
from spanbert_allen.data.pieces import PieceTokenizer
from spanbert_allen.data.pretraining.masked_text import masked_text
from spanbert_allen.encoders import find_encoder
from spanbert_allen.results.terminal.render import render_terminal
from tests.models.pretrained import archive_of
from tests.predictors.command import run_predict

TEXT = "Ida lost her [MASK]."


@pytest.fixture(scope="module")
def archive(tmp_path_factory):
    return archive_of(tmp_path_factory.mktemp("pretrained") / "run")


@pytest.fixture(scope="module")
def predictor(archive):
    return spanbert_allen.load(archive, boundaries=True, top_k=3)


def naive_shares(model, ids, place, span=None):
    """Return the probabilities of all pieces for one place, from context or from a span's ends."""
    state = {name: tensor.double() for name, tensor in model.state_dict().items()}
    with torch.no_grad():
        token_ids = torch.tensor([ids])
        (vectors,) = model.embedder.encode(token_ids, torch.zeros_like(token_ids)).double()

    def layer(hidden, dense, norm):
        hidden = gelu(state[f"{dense}.weight"] @ hidden + state[f"{dense}.bias"])
        weight, bias = state[f"{norm}.weight"], state[f"{norm}.bias"]
        return torch.nn.functional.layer_norm(hidden, hidden.shape, weight, bias, 1e-12)

    table = state["embedder.encoder.embeddings.word_embeddings.weight"]
    if span is None:
        hidden = layer(vectors[place], "mlm_head.dense", "mlm_head.layer_norm")
        return (table @ hidden + state["mlm_head.bias"]).softmax(-1)
    position = state["sbo_head.positions.weight"][place - span[0]]
    hidden = torch.cat([vectors[span[0] - 1], vectors[span[1] + 1], position])
    hidden = layer(hidden, "sbo_head.dense1", "sbo_head.layer_norm1")
    hidden = layer(hidden, "sbo_head.dense2", "sbo_head.layer_norm2")
    return (table @ hidden + state["sbo_head.bias"]).softmax(-1)


def assert_best(fills, shares, vocabulary):
    best = shares.topk(3)
    assert [fill["probability"] for fill in fills] == pytest.approx(best.values.tolist(), rel=1e-4)
    for fill in fills:
        share = shares[vocabulary.index(fill["piece"])].item()
        assert fill["probability"] == pytest.approx(share, rel=1e-4)


def test_fills_are_those_of_a_naive_computation(predictor):
    model = predictor._model
    vocabulary = model.embedder.files.vocabulary.pieces
    result = predictor.predict("Ida lost her keys on the tram.", [[9, 17]])  # "her keys"
    (span,) = result["masked"]
    assert (span["start"], span["end"], span["text"]) == (9, 17, "her keys")
    tokenizer = predictor._reader._tokenizer
    ids = [tokenizer.id_of(piece) for piece in tokenizer.tokenize("Ida lost")]
    first = len(ids) + 1
    ids = [tokenizer.id_of("[CLS]"), *ids, *[tokenizer.id_of("[MASK]")] * len(span["pieces"])]
    ids += [tokenizer.id_of(piece) for piece in tokenizer.tokenize("on the tram.")]
    ids.append(tokenizer.id_of("[SEP]"))
    ends = (first, first + len(span["pieces"]) - 1)
    for number, piece in enumerate(span["pieces"]):
        place = first + number
        assert_best(piece["fills"], naive_shares(model, ids, place), vocabulary)
        assert_best(piece["boundary_fills"], naive_shares(model, ids, place, ends), vocabulary)


def test_a_mask_in_the_text_is_a_piece_beside_punctuation(predictor):
    result = predictor.predict(TEXT)
    assert result["schema"] == "spanbert_allen.pretraining/1"
    (span,) = result["masked"]
    assert (span["start"], span["end"], span["text"]) == (13, 19, "[MASK]")
    assert len(span["pieces"]) == 1
    best = span["pieces"][0]["fills"][0]["piece"]
    assert span["fill"] == best.removeprefix("##")
    assert result["filled"] == f"Ida lost her {span['fill']}."
    assert "from boundaries" in render_terminal(result, colour=False)


def test_spans_that_touch_are_one_and_a_span_at_the_end_has_no_boundary(predictor):
    result = predictor.predict("[MASK] lost [MASK] [MASK] keys [MASK]")
    assert [len(span["pieces"]) for span in result["masked"]] == [1, 2, 1]
    with_fills = [span["pieces"][0]["boundary_fills"] is not None for span in result["masked"]]
    assert with_fills == [False, True, False]


def test_marks_that_have_no_piece_are_masked_with_their_letter():
    """An encoder without accents drops them; a fill takes their place, too."""
    tokenizer = PieceTokenizer.from_files(find_encoder("minilm"))
    text = "un cafe\u0301 noir"
    masked = masked_text(text, [[3, 8]], tokenizer, name="t", max_pieces=40)
    assert [text[start:end] for start, end in masked.chars] == ["un", "cafe\u0301", "noir"]


def test_every_piece_with_a_character_in_a_span_is_masked(predictor):
    tokenizer = predictor._reader._tokenizer
    text = "The clockmaker lost her keys."
    masked = masked_text(text, [[8, 9]], tokenizer, name="t", max_pieces=40)
    (span,) = masked.spans
    assert masked.chars[span[0]].start <= 8 and masked.chars[span[-1]].end >= 9
    assert all(one.start < 9 and one.end > 8 for one in (masked.chars[place] for place in span))


def test_several_texts_give_the_same_as_each_alone(predictor):
    texts = [TEXT, "[MASK] was late for the wedding, and the [MASK] was cold."]
    for one, text in zip(predictor.predict(texts), texts, strict=True):
        alone = predictor.predict(text)
        assert one["text"] == alone["text"]
        for span, other in zip(one["masked"], alone["masked"], strict=True):
            shares = [fill["probability"] for fill in span["pieces"][0]["fills"]]
            expected = [fill["probability"] for fill in other["pieces"][0]["fills"]]
            assert shares == pytest.approx(expected, rel=1e-4)


@pytest.mark.parametrize(
    ("record", "sentence"),
    [
        ({"text": "Ida left."}, "nothing is masked; write [MASK] into `text`, or give `spans`"),
        ({"text": 3}, "`text` is 3; it must be a string"),
        ({"text": "Ida left.", "spans": 3}, "`spans` is 3; it must be a list of [start, end]"),
        ({"text": "Ida left.", "spans": [[0]]}, "`spans[0]` is [0]; it must be two whole numbers"),
        ({"text": "Ida left.", "spans": [[4, 99]]}, "not within the text of 9 characters"),
        ({"text": "Ida left.", "spans": [[3, 4]]}, "characters 3 to 4 hold no word of the text"),
        ({"text": TEXT * 20}, "word pieces, but the model reads 46 at most"),
        ({"text": TEXT, "top_k": 3}, "`top_k` is an option of the predictor"),
        ({"text": TEXT, "id": []}, "`id` is []"),
    ],
)
def test_a_bad_record_becomes_an_error_record_and_the_rest_go_on(predictor, record, sentence):
    bad, good = predictor.predict_batch_json([record, {"text": TEXT, "id": "b", "mine": 1}])
    assert sentence in bad["error"]
    assert (good["id"], good["mine"]) == ("b", 1)


def test_options_and_arguments_that_are_wrong(archive, predictor):
    with pytest.raises(ConfigError, match="`top_k` is 0; it must be 1 or more"):
        spanbert_allen.load(archive, top_k=0)
    with pytest.raises(DataError, match="2 texts, but spans for 1"):
        predictor.predict([TEXT, TEXT], [[]])
    model = predictor._model
    head, model.sbo_head = model.sbo_head, None
    try:
        with pytest.raises(ConfigError, match="has no span-boundary head; leave the option out"):
            type(predictor)(model, predictor._reader, boundaries=True)
    finally:
        model.sbo_head = head


def test_scores_that_are_no_numbers_are_an_error(archive):
    broken = spanbert_allen.load(archive)
    with torch.no_grad():
        for parameter in broken._model.parameters():
            parameter.fill_(float("nan"))
    assert "numbers" in broken.predict_json({"text": TEXT})["error"]


def test_allennlp_predict_writes_lines_that_the_view_reads(archive, tmp_path, monkeypatch):
    source, target = tmp_path / "in.jsonl", tmp_path / "out.jsonl"
    source.write_text(json.dumps({"text": TEXT}) + "\n")
    run_predict(monkeypatch, archive, source, "--output-file", target, "--silent")
    (result,) = map(json.loads, target.read_text().splitlines())
    assert result["id"] == "in:1"
    assert len(result["masked"][0]["pieces"][0]["fills"]) == 5
    assert "boundary_fills" not in result["masked"][0]["pieces"][0]
    assert main(["view", str(target), "--html", str(tmp_path / "page.html")]) == 0
    assert result["filled"] in (tmp_path / "page.html").read_text()
