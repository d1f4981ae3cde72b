"""Answers to a user's own questions, and the official files, from a tiny model that has learned."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import pytest
from allennlp.predictors import Predictor

import spanbert_allen
from spanbert_allen.common.errors import DataError, UserError
from spanbert_allen.common.spans import CharSpan
from spanbert_allen.formats.qa.question import Question
from spanbert_allen.modules.qa.decoder import DecodedAnswers, RankedAnswer
from spanbert_allen.predictors.qa.official_files import official_files
from spanbert_allen.predictors.qa.output import qa_json
from tests import places
from tests.predictors.command import run_predict, trained_archive

FIXTURES = places.FIXTURES / "qa"
INDEXER = {"type": "spanbert", "model_name": "tiny"}
READER = {"type": "spanbert_squad", "indexer": INDEXER, "impossible_answers": True}
READER |= {"max_length": 60, "stride": 20, "max_question_length": 20}
CONFIG = {
    "dataset_reader": {**READER, "training": True},
    "validation_dataset_reader": READER,
    "train_data_path": str(FIXTURES / "squad.json"),
    "model": {
        "type": "spanbert_qa",
        "embedder": {"type": "spanbert", "model_name": "tiny"},
        "impossible_answers": True,
    },
    "data_loader": {"batch_size": 4, "shuffle": True},
    "trainer": {
        "num_epochs": 120,
        "optimizer": {"type": "adam", "lr": 0.01},
        "cuda_device": -1,
        "checkpointer": None,  # a quarter of the time
    },
}
CONTEXT = (
    "Ida lost her keys in Oslo. A boy of ten found them on 1887-1889, the old tram, and gave them "
    "to the driver."
)


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return trained_archive(CONFIG, tmp_path_factory.mktemp("run") / "model")


@pytest.fixture(scope="module")
def predictor(archive: Path) -> Predictor:
    return Predictor.from_path(str(archive))


def test_what_was_learnt_is_answered_with_its_characters(predictor):
    """Train, save, load, predict: the archive is all there is."""
    result = predictor.predict("Where did Ida lose her keys?", CONTEXT)
    assert (result["answer"], result["start"], result["end"]) == ("Oslo", 21, 25)
    assert result["schema"] == "spanbert_allen.qa/1"
    assert result["answers"][0]["text"] == "Oslo"
    assert result["no_answer_score"] < result["threshold"] == 0.0
    assert 0.5 < result["probability"] <= 1
    for answer in result["answers"]:
        if answer["text"]:
            assert CONTEXT[answer["start"] : answer["end"]] == answer["text"]
            assert answer["score"] == pytest.approx(answer["start_logit"] + answer["end_logit"])
    impossible = predictor.predict("What did the tram cost?", CONTEXT)
    assert (impossible["answer"], impossible["start"]) == ("", None)
    assert impossible["no_answer_score"] > 0


def test_a_program_loads_it_and_looks_at_the_answer(archive):
    result = spanbert_allen.load(archive, top_k=2).predict("Where did Ida lose her keys?", CONTEXT)
    assert repr(result).startswith(
        "Where did Ida lose her keys?\nIda lost her keys in [Oslo]. A boy"
    )
    assert "&lt;span id=&quot;a0-0&quot; class=&quot;mention" in result._repr_html_()
    assert len(json.loads(json.dumps(result))["answers"]) == 2


def test_the_threshold_decides(predictor):
    question = "What did the tram cost?"
    result = predictor.predict(question, CONTEXT, threshold=1000.0)
    assert result["answer"] and result["threshold"] == 1000.0
    never = predictor.predict("Where did Ida lose her keys?", CONTEXT, threshold=-1000.0)
    assert never["answer"] == ""
    always = predictor.predict(question, CONTEXT, handle_impossible_answer=False)
    assert always["answer"] and always["null_score"] is None and always["threshold"] is None


def test_options_reach_windows_and_decoder(predictor):
    asked = "Who got them?", CONTEXT
    assert len(predictor.predict(*asked, top_k=3)["answers"]) == 3
    assert len(predictor.predict(*asked, top_k=30)["answers"]) == 30
    long = predictor.predict(*asked, top_k=50)["answers"]
    short = predictor.predict(*asked, top_k=50, max_answer_len=1)["answers"]
    assert max(len(answer["text"]) for answer in short) < max(
        len(answer["text"]) for answer in long
    )
    reader = predictor._dataset_reader
    for overlap in (0, 10):
        options = {"max_seq_len": 40, "doc_stride": overlap, "max_question_len": 3}
        (instance,) = _instances_of(predictor, *asked, **options)
        numbers, pieces = (
            instance[name].tensor.tolist() for name in ("segment_ids", "passage_pieces")
        )
        room = 40 - 3 - 3
        first = [p for n, p in zip(numbers, pieces, strict=True) if n == 0 and p >= 0]
        second = [p for n, p in zip(numbers, pieces, strict=True) if n == 1 and p >= 0]
        assert len(first) == room
        assert len(set(first) & set(second)) == overlap
    assert reader.shape.max_length == 60  # as it was


def _instances_of(predictor, question, context, **options):
    seen = []
    forward = predictor._forward
    predictor._forward = lambda instances: seen.extend(instances) or forward(instances)
    try:
        predictor.predict(question, context, **options)
    finally:
        del predictor._forward
    return seen


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"topk": 3}, "`topk` is no option; choose among align_to_words"),
        ({"top_k": 0}, "`top_k` is 0; it must be 1 or more"),
        ({"doc_stride": -1}, "`doc_stride` is -1; it must be 0 or more"),
        ({"doc_stride": 60}, "`doc_stride` is 60, but the question leaves room for 55 pieces"),
        ({"max_seq_len": 5}, "the question has 2 pieces, which leave no room for the context"),
        ({"max_seq_len": 600}, "600 pieces, but the encoder takes 512"),
    ],
)
def test_impossible_options(predictor, options, sentence):
    context = CONTEXT * 30
    with pytest.raises(UserError, match=sentence):
        predictor.predict("Who?", context, **options)


def test_small_windows_overlap_by_half(predictor):
    (instance,) = _instances_of(predictor, "Who?", CONTEXT, max_seq_len=30)
    numbers, pieces = (instance[name].tensor.tolist() for name in ("segment_ids", "passage_pieces"))
    first, second = (
        {p for n, p in zip(numbers, pieces, strict=True) if n == number and p >= 0}
        for number in (0, 1)
    )
    assert len(first & second) == 15


def test_a_long_question_is_an_error_of_its_record_alone(predictor):
    records = [{"question": asked, "context": CONTEXT} for asked in ("Who?", "Where?" * 9)]
    records[1]["max_seq_len"] = 20
    good, bad = predictor.predict_batch_json(records)
    assert good["answers"] and "leave no room for the context" in bad["error"]


def test_options_of_a_record_are_heeded_or_refused(predictor):
    asked = {"question": "Who got them?", "context": CONTEXT}
    records = [
        asked,
        asked | {"top_k": 2, "threshold": None},
        asked | {"top_k": "two"},
        asked | {"handle_impossible_answer": False},
        asked | {"max_answer_len": 0},
    ]
    every, two, wrong, never_empty, none = predictor.predict_batch_json(records)
    assert every["answers"][:2] == two["answers"]
    assert never_empty["null_score"] is None and every["null_score"] is not None
    assert "`top_k` is 'two'; it must be a whole number" in wrong["error"]
    assert "`max_answer_len` is 0; it must be 1 or more" in none["error"]


@pytest.mark.parametrize(
    ("question", "context", "sentence"),
    [
        (None, CONTEXT, "`question` is None; it must be a text or a list of texts"),
        ("Who?", 7, "`context` is 7; it must be a text or a list of texts"),
        ("Who?", [CONTEXT, None], "`context` is None; it must be a string"),
    ],
)
def test_what_is_no_text_is_said_so(predictor, question, context, sentence):
    with pytest.raises(DataError, match=sentence):
        predictor.predict(question, context)


def test_scores_that_are_no_numbers_are_an_error_of_that_question(predictor, monkeypatch):
    model = predictor._model
    encode = model.embedder.encode

    def spoilt(token_ids, *columns):
        vectors = encode(token_ids, *columns)
        vectors[token_ids[:, 1] == model_piece] = float("nan")
        return vectors

    questions = ["Where did Ida lose her keys?", "Who got them?"]
    model_piece = predictor._dataset_reader.tokenizer.pieces_of(questions[1])[0]
    assert model_piece != predictor._dataset_reader.tokenizer.pieces_of(questions[0])[0]
    monkeypatch.setattr(model.embedder, "encode", spoilt)
    good, bad = predictor.predict_batch_json(
        [{"id": asked, "question": asked, "context": CONTEXT} for asked in questions]
    )
    assert good["answer"] == "Oslo"
    assert bad["id"] == questions[1] and "not finite numbers" in bad["error"]
    with pytest.raises(DataError, match="not finite numbers"):
        predictor.predict(questions[1], CONTEXT)


def test_many_questions_on_one_context_share_its_pieces(predictor, monkeypatch):
    made = []
    reader = predictor._dataset_reader
    passage = reader.passage
    monkeypatch.setattr(reader, "passage", lambda text: made.append(text) or passage(text))
    text = CONTEXT + " It was green."
    results = predictor.predict(["Who got them?", "Where did Ida lose her keys?"], text)
    assert made == [text]
    single = predictor.predict("Where did Ida lose her keys?", text)
    assert results[1]["answer"] == single["answer"]
    assert made == [text]
    with pytest.raises(DataError, match="2 questions, but 3 contexts"):
        predictor.predict(["a", "b"], ["x", "y", "z"])


def test_the_form_of_transformers_pipeline(predictor):
    result = predictor(question="Where did Ida lose her keys?", context=CONTEXT)
    assert set(result) == {"score", "start", "end", "answer"}
    assert (result["answer"], result["start"], result["end"]) == ("Oslo", 21, 25)
    first, second = predictor(question="Where did Ida lose her keys?", context=CONTEXT, top_k=2)
    assert first == result and second["score"] < first["score"]
    nothing = predictor(question="What did the tram cost?", context=CONTEXT)
    assert (nothing["answer"], nothing["start"], nothing["end"]) == ("", 0, 0)


def test_every_call_of_the_pipeline(predictor):
    question = "Where did Ida lose her keys?"
    asked = {"question": question, "context": CONTEXT}
    wanted = predictor(**asked)
    for given in (
        predictor(asked),
        predictor([asked]),
        predictor(data=asked),
        predictor(question, CONTEXT),
        predictor(**asked, topk=1, padding="longest", align_to_words=True),
    ):
        assert given == wanted
    for several in (
        predictor([asked, asked]),
        predictor(asked, asked),
        predictor(question=[question] * 2, context=CONTEXT),
        predictor(question=[question] * 2, context=[CONTEXT] * 2),
        predictor([question] * 2, [CONTEXT] * 2),
        predictor(question, [CONTEXT] * 2),
    ):
        assert several == [wanted] * 2
    assert len(predictor([asked, asked], topk=3)[1]) == 3
    raw = predictor(asked, topk=20, align_to_words=False)
    assert {one["answer"] for one in raw} != {one["answer"] for one in predictor(asked, topk=20)}


@pytest.mark.parametrize(
    ("inputs", "options", "sentence"),
    [
        ([{"question": "Who?"}], {}, "is no question with its context; give a dictionary"),
        ([3], {}, "3 is no question with its context"),
        ([], {"question": "Who?"}, "a question and a context are needed"),
        ([], {"question": ["a", "b"], "context": ["c"]}, "2 questions, but 1 contexts"),
        (["a", "b"], {"padding": "wide"}, "`padding` is 'wide'; it must be"),
    ],
)
def test_calls_that_cannot_be_answered(predictor, inputs, options, sentence):
    with pytest.raises(UserError, match=sentence):
        predictor(*inputs, **options)


def test_a_context_without_words(predictor):
    result = predictor.predict("Where?", " \n ")
    assert (result["answer"], result["start"], result["answers"]) == ("", None, [])
    json.dumps(result, allow_nan=False)
    # Nothing to answer with, and the model may say so.
    assert result["threshold"] == 0.0


def test_a_squad_file_gives_the_official_files(archive, predictor, monkeypatch, tmp_path):
    out = tmp_path / "predictions.json"
    run_predict(monkeypatch, archive, FIXTURES / "squad.json", "--output-file", out, "--silent")
    text = out.read_text()
    predictions = json.loads(text)
    assert text == json.dumps(predictions, indent=4) + "\n"
    assert predictions["where"] == "Oslo" and predictions["price"] == ""
    assert list(predictions) == ["where", "which", "who", "price", "lamp"]
    n_best = json.loads((tmp_path / "nbest_predictions.json").read_text())
    odds = json.loads((tmp_path / "null_odds_predictions.json").read_text())
    for question in predictions:
        best = next(answer for answer in n_best[question] if answer["text"])
        null = next(answer for answer in n_best[question] if not answer["text"])
        assert set(best) == {"text", "probability", "start_logit", "end_logit"}
        scores = [answer["start_logit"] + answer["end_logit"] for answer in (null, best)]
        assert odds[question] == pytest.approx(scores[0] - scores[1])
    alone = predictor.predict("Where did Ida lose her keys?", CONTEXT)
    assert alone["no_answer_score"] == pytest.approx(odds["where"], abs=1e-5)
    out = tmp_path / "packed.json.gz"
    run_predict(monkeypatch, archive, FIXTURES / "squad.json", "--output-file", out, "--silent")
    assert gzip.decompress(out.read_bytes()).decode() == text
    assert (tmp_path / "nbest_packed.json.gz").is_file()


def test_an_mrqa_file_and_lines(archive, monkeypatch, tmp_path):
    out = tmp_path / "out.jsonl"
    run_predict(monkeypatch, archive, FIXTURES / "mrqa.jsonl", "--output-file", out, "--silent")
    results = [json.loads(line) for line in out.read_text().splitlines()]
    assert [result["id"] for result in results] == ["m1", "m2", "m3"]
    assert list(tmp_path.iterdir()) == [out]


def test_flat_records_in_an_array(archive, monkeypatch, tmp_path):
    """As pandas and the datasets library write them; their own fields come back."""
    record = {"id": 1, "question": "Where did Ida lose her keys?", "context": CONTEXT, "page": 3}
    (tmp_path / "in.json").write_text(json.dumps([record, 7, {**record, "id": 2}], indent=1))
    out = tmp_path / "out.jsonl"
    with pytest.raises(SystemExit):
        run_predict(monkeypatch, archive, tmp_path / "in.json", "--output-file", out, "--silent")
    first, bad, last = [json.loads(line) for line in out.read_text().splitlines()]
    assert [first["answer"], last["answer"]] == ["Oslo", "Oslo"]
    assert (first["id"], first["page"], last["id"]) == ("1", 3, "2")
    assert bad["line"] == 8 and "7 is no record" in bad["error"]


def test_records_without_names_in_one_line_of_an_array_get_their_own(predictor, tmp_path):
    asked = {"question": "Where?", "context": CONTEXT}
    (tmp_path / "one.json").write_text(json.dumps([asked, asked | {"id": "mine"}, 7, asked]))
    records = list(predictor.records(str(tmp_path / "one.json")))
    assert [one["id"] for one in records] == ["one:1", "mine", "one:3", "one:4"]
    assert {one.line for one in records} == {1}


def test_halves_of_surrogate_pairs_keep_their_places(predictor):
    context = "\ud83d" + CONTEXT
    result = predictor.predict("Where did Ida lose her keys?", context)
    assert (result["context"], result["answer"], result["start"]) == (context, "Oslo", 22)
    json.dumps(result)


def test_bad_records_are_marked(archive, monkeypatch, tmp_path, capsys):
    lines = [
        {"question": "Where did Ida lose her keys?", "context": CONTEXT},
        {"question": "Where?", "id": "mine"},
        {"question": "Where?", "context": CONTEXT, "id": [7]},
        {"question": "Where?", "context": CONTEXT, "id": 7},
    ]
    (tmp_path / "in.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    out = tmp_path / "out.jsonl"
    with pytest.raises(SystemExit) as stop:
        run_predict(monkeypatch, archive, tmp_path / "in.jsonl", "--output-file", out, "--silent")
    assert stop.value.code == 1
    good, missing, wrong, number = [json.loads(line) for line in out.read_text().splitlines()]
    assert (good["id"], good["answer"]) == ("in:1", "Oslo")
    assert (missing["line"], missing["id"]) == (2, "mine")
    assert "`context` is None; it must be a string" in missing["error"]
    assert "`id` is [7]; it must be a string" in wrong["error"]
    assert number["id"] == "7"
    assert "2 of 4 records" in capsys.readouterr().err


def test_bad_questions_of_a_data_set_are_in_no_official_file(archive, monkeypatch, tmp_path):
    data = json.loads((FIXTURES / "squad.json").read_text())
    data["data"][0]["paragraphs"][0]["qas"][0]["question"] = 3
    (tmp_path / "bad.json").write_text(json.dumps(data))
    with pytest.raises(SystemExit):
        run_predict(
            monkeypatch,
            archive,
            tmp_path / "bad.json",
            "--output-file",
            tmp_path / "predictions.json",
            "--silent",
        )
    predictions = json.loads((tmp_path / "predictions.json").read_text())
    assert list(predictions) == ["which", "who", "price", "lamp"]


def test_official_files_take_an_id_once(tmp_path):
    result = {"id": "a", "answer": "b", "answers": [], "no_answer_score": 1.0, "threshold": 0.0}
    with official_files(tmp_path / "p.json") as files:
        files.write(json.dumps(result))
        with pytest.raises(DataError, match="two results have the id 'a'; give each its own"):
            files.write(json.dumps(result))


def test_results_keep_the_null_entry_and_the_number_asked_for():
    asked = Question(id="q", question="a", context="b c")
    answers = (
        RankedAnswer("b", CharSpan(0, 1), 2.0, 1.0, 0.7),
        RankedAnswer("", None, 0.5, 0.5, 0.2),
        RankedAnswer("c", CharSpan(2, 3), 0.0, 0.0, 0.1),
    )
    result = qa_json(asked, DecodedAnswers(answers, 1.0), top_k=2, threshold=-3.0)
    assert [answer["text"] for answer in result["answers"]] == ["b", ""]
    assert (result["answer"], result["probability"], result["score"]) == ("", 0.2, 1.0)
    assert result["no_answer_score"] == -2.0
    result = qa_json(asked, DecodedAnswers(answers, 1.0), top_k=None, threshold=-2.0)
    assert (result["answer"], result["start"], result["end"]) == ("b", 0, 1)
    assert len(result["answers"]) == 3
