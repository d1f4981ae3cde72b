"""Questions as instances: windows, labels, best contexts, workers, bad data."""

from __future__ import annotations

import json
import random
from pathlib import Path

import numpy as np
import pytest
from allennlp.common import Params
from allennlp.data import DatasetReader
from allennlp.data.dataset_readers.dataset_reader import WorkerInfo

import spanbert_allen.plugin  # noqa: F401
from spanbert_allen.common.errors import ConfigError, DataError
from spanbert_allen.formats.qa.question import Answer, Question
from tests import places

FIXTURES = places.FIXTURES / "qa"
INDEXER = {"type": "spanbert", "model_name": "tiny"}
CLS, SEP = "[CLS]", "[SEP]"


def make_reader(kind: str = "spanbert_squad", **options) -> DatasetReader:
    params = {"type": kind, "indexer": dict(INDEXER), **options}
    return DatasetReader.from_params(Params(params))


def read(name: str, kind: str = "spanbert_squad", **options) -> list:
    return list(make_reader(kind, **options).read(FIXTURES / name))


def column(instance, name: str) -> list:
    return instance[name].tensor.tolist()


def pieces(reader, ids: list[int]) -> list[str]:
    return [reader.tokenizer.vocabulary[i] for i in ids]


def naive_windows(question: list[int], passage: list[int], max_length: int, stride: int) -> list:
    """Plain loops after the specification of the original, 1.3: (start, pieces of the passage)."""
    room = max_length - len(question) - 3
    windows, start = [], 0
    while start < len(passage):
        length = min(len(passage) - start, room)
        windows.append((start, passage[start : start + length]))
        if start + length == len(passage):
            break
        start += min(length, stride)
    return windows


def naive_is_best(windows: list, number: int, place: int) -> bool:
    scores = []
    for start, ids in windows:
        if start <= place < start + len(ids):
            left, right = place - start, start + len(ids) - 1 - place
            scores.append(min(left, right) + 0.01 * len(ids))
        else:
            scores.append(-1.0)
    return scores.index(max(scores)) == number


@pytest.mark.parametrize("seed", range(6))
def test_windows_as_the_original_makes_them(seed):
    chance = random.Random(seed)
    words = ["lamp", "keys", "Oslo.", "1887-1889,", "unbelievably", "(the", "tram)"]
    text = " ".join(chance.choices(words, k=chance.randint(1, 80)))
    max_length, stride = chance.randint(16, 40), chance.randint(1, 20)
    reader = make_reader(max_length=max_length, stride=stride, max_question_length=5)
    asked = Question(
        id="q", question="Where are the keys of the lamp?", context=text, is_annotated=False
    )
    instance = reader.text_to_instance(asked)
    question = list(reader.tokenizer.pieces_of(asked.question))[:5]
    passage = reader.passage(text).piece_ids.tolist()
    windows = naive_windows(question, passage, max_length, stride)
    cls, sep = reader.tokenizer.id_of(CLS), reader.tokenizer.id_of(SEP)
    expected: dict[str, list] = {name: [] for name in ("ids", "segments", "types", "places")}
    best = []
    for number, (start, ids) in enumerate(windows):
        head, places = [cls, *question, sep], list(range(start, start + len(ids)))
        expected["ids"] += [*head, *ids, sep]
        expected["segments"] += [number] * (len(head) + len(ids) + 1)
        expected["types"] += [0] * len(head) + [1] * (len(ids) + 1)
        expected["places"] += [-1] * len(head) + places + [-1]
        best += [False] * len(head)
        best += [naive_is_best(windows, number, place) for place in places] + [False]
    assert column(instance, "token_ids") == expected["ids"]
    assert column(instance, "segment_ids") == expected["segments"]
    assert column(instance, "type_ids") == expected["types"]
    assert column(instance, "passage_pieces") == expected["places"]
    assert column(instance, "max_context") == best
    assert "answer_starts" not in instance.fields


def test_a_question_piece_stands_behind_questions_that_are_cut_off_too():
    options = {"max_length": 20, "stride": 9, "max_question_length": 5}
    plain, marked = make_reader(**options), make_reader(**options, question_piece=True)
    text = "Ida lost her keys in Oslo. Nobody found them."
    for asked in ("Where?", "Where are the keys of the lamp?"):
        question = Question(id="q", question=asked, context=text)
        cut = plain.windows(question, plain.passage(text))
        length = len(plain.tokenizer.pieces_of(asked)[:5])
        windows = marked.windows(question, marked.passage(text))
        assert windows.spans[0] == (0, cut.spans[0][1] - 1)
        before, after = (one.columns(0)["token_ids"].tolist() for one in (cut, windows))
        mask = marked.tokenizer.id_of("[MASK]")  # the vocabulary has no [QUESTION]
        assert len(after) == len(before) == 20
        assert after[:-1] == [*before[: length + 1], mask, *before[length + 1 : -2]]


def test_the_windows_of_nine_hundred_pieces():
    """Golden of the specification, 1.3: the room for the passage is 371."""
    reader = make_reader(max_length=384)
    text = " ".join(["lamp"] * 900)
    num_lamp = len(reader.tokenizer.pieces_of("lamp"))
    asked = Question(id="q", question="a b c d e f g h i j", context=" ".join(["a"] * 900))
    assert len(reader.tokenizer.pieces_of("a")) == 1
    windows = reader.windows(asked, reader.passage(asked.context))
    assert [start for start, _ in windows.spans] == [0, 128, 256, 384, 512, 640]
    assert windows.spans[-1] == (640, 900)
    assert len(reader.passage(text)) == 900 * num_lamp


def test_labels_of_training_windows():
    reader = make_reader(training=True, impossible_answers=True)
    instances = list(reader.read(FIXTURES / "squad.json"))
    texts = []
    for instance in instances:
        ids = column(instance, "token_ids")
        ((start,), (end,)) = column(instance, "answer_starts"), column(instance, "answer_ends")
        texts.append("".join(pieces(reader, ids[start : end + 1])).replace("##", ""))
    # The piece of `1887-1889,` that is the answer, and [CLS] for the impossible question.
    assert texts == ["Oslo", "1887", "thedriver", CLS, "Thelamp"]
    assert set(instances[0].fields) == {
        "token_ids",
        "segment_ids",
        "type_ids",
        "passage_pieces",
        "answer_starts",
        "answer_ends",
    }


def test_a_window_without_the_whole_answer_learns_cls():
    """Specification 1.4: also where a part of the answer is inside, and in SQuAD 1.1 too."""
    text = " ".join("abcdefghij" * 3)
    answer = Answer("e f g h", text.index("e f g h"))
    asked = Question(id="q", question="a", context=text, answers=(answer,), labelled=answer)
    reader = make_reader(training=True, max_length=16, stride=4, max_question_length=4)
    found = [
        (column(instance, "answer_starts")[0], column(instance, "answer_ends")[0])
        for instance in reader.training_instances(asked)
    ]
    # Windows begin at pieces 0, 4, 8, ...; the answer is pieces 4 to 7, and 3 pieces stand before.
    assert found[:3] == [(7, 10), (3, 6), (0, 0)]
    assert set(found[2:]) == {(0, 0)}


def test_training_windows_are_those_of_evaluation():
    options = {"max_length": 24, "stride": 6, "max_question_length": 8, "impossible_answers": True}
    reader = make_reader(training=True, **options)
    singles, wholes = list(reader.read(FIXTURES / "squad.json")), read("squad.json", **options)
    for name in ("token_ids", "type_ids", "passage_pieces", "answer_starts", "answer_ends"):
        joined = [value for instance in singles for value in column(instance, name)]
        assert joined == [value for instance in wholes for value in column(instance, name)]
    assert len(singles) > len(wholes) == 5
    assert wholes[0]["question"].metadata.question.id == "where"


def test_a_fixed_length_pads_every_window():
    (instance, *_) = read("squad.json", fixed_length=True, max_length=64, max_question_length=20)
    (short, *_) = read("squad.json", max_length=64, max_question_length=20)
    attended = np.array(column(instance, "attended"))
    assert len(attended) == 64
    assert attended.tolist() == sorted(attended.tolist(), reverse=True)
    for name in ("token_ids", "type_ids", "passage_pieces"):
        values = np.array(column(instance, name))
        assert values[attended].tolist() == column(short, name)
    assert set(np.array(column(instance, "token_ids"))[~attended]) == {0}
    assert set(column(instance, "segment_ids")) == {0}


def test_an_answer_that_is_not_at_its_place_is_left_out_of_training(caplog):
    """Specification 1.1, the drop rule; evaluation keeps the question."""
    wrong = Answer("Rome", 4)
    asked = Question(
        id="q", question="a", context="Ida left Rome.", answers=(wrong,), labelled=wrong
    )
    reader = make_reader(training=True)
    assert not list(reader.training_instances(asked))
    assert column(reader.text_to_instance(asked), "answer_starts") == [0]


def test_answers_that_are_not_at_their_places_are_named(tmp_path, caplog):
    """The first few, or all on request; an empty text is called that."""

    def asked(name: str, text: str) -> dict:
        return {**GOOD, "id": name, "answers": [{"text": text, "answer_start": 0}]}

    questions = [asked(f"q{number}", "Oslo") for number in range(7)] + [asked("none", "")]
    path = write_squad(tmp_path / "train.json", GOOD, *questions)
    for name_left_out in (False, True):
        caplog.clear()
        reader = make_reader(training=True, name_left_out=name_left_out)
        with caplog.at_level("WARNING"):
            assert len(list(reader.read(path))) == 1
        misplaced, empty = (
            record.getMessage() for record in caplog.records if "qa.reader" in record.name
        )
        assert "7 questions left out of training, as answers do not stand at" in misplaced
        assert ("q4" in misplaced, "q5" in misplaced) == (True, name_left_out)
        assert ("2 more" in misplaced) != name_left_out
        assert empty.endswith("as answers are empty texts: none")
    (instance,) = [
        one for one in make_reader().read(path) if one["question"].metadata.question.id == "none"
    ]
    assert column(instance, "answer_starts") == [0]


@pytest.mark.parametrize("kind", ["spanbert_squad", "spanbert_mrqa"])
def test_files_of_both_layouts_in_one_list(kind):
    reader = make_reader(kind, training=True, impossible_answers=True)
    assert len(list(reader.read([FIXTURES / "squad.json", FIXTURES / "mrqa.jsonl"]))) == 8


def test_a_folder_of_mrqa_is_read_by_a_model_of_squad_too(tmp_path):
    for name in ("mrqa.jsonl", "squad.json"):
        (tmp_path / name).write_bytes((FIXTURES / name).read_bytes())
    both = len(read("mrqa.jsonl")) + len(read("squad.json"))
    assert len(list(make_reader().read(tmp_path))) == both


def test_mrqa_learns_the_earliest_answer_and_never_drops():
    instances = read("mrqa.jsonl", "spanbert_mrqa", training=True)
    assert len(instances) == 3
    reader = make_reader("spanbert_mrqa")
    ids = column(instances[0], "token_ids")
    start, end = column(instances[0], "answer_starts")[0], column(instances[0], "answer_ends")[0]
    text = "[PAR] The lamp burned."
    before = len(reader.tokenizer.pieces_of("What burned?")) + 2
    before += len(reader.passage("[PAR] The").piece_ids)
    assert start == before
    assert "".join(pieces(reader, ids[start : end + 1])).replace("##", "") in text


def test_several_files_are_one_data_set(tmp_path):
    reader = make_reader("spanbert_mrqa")
    both = list(reader.read([FIXTURES / "mrqa.jsonl", FIXTURES / "mrqa.jsonl"]))
    assert [item["question"].metadata.question.id for item in both] == ["m1", "m2", "m3"] * 2
    for name in ("a.jsonl", "b.jsonl"):
        (tmp_path / name).write_bytes((FIXTURES / "mrqa.jsonl").read_bytes())
    assert len(list(reader.read(tmp_path))) == 6


def test_workers_share_the_questions_out():
    everything = [item["question"].metadata.question.id for item in read("squad.json")]
    shares = []
    for worker in range(2):
        reader = make_reader()
        reader._set_worker_info(WorkerInfo(2, worker))
        shares.append(
            [item["question"].metadata.question.id for item in reader.read(FIXTURES / "squad.json")]
        )
    # A passage is cut by one worker only.
    assert shares == [everything[:4], everything[4:]]


def test_a_file_is_not_read_further_than_needed(tmp_path):
    text = (FIXTURES / "squad.json").read_text(encoding="utf-8").rstrip()
    article = json.dumps(json.loads(text)["data"][0])
    (tmp_path / "long.json").write_text(
        '{"data": [' + ", ".join([article] * 2000) + ", broken", encoding="utf-8"
    )
    instances = iter(make_reader().read(tmp_path / "long.json"))
    assert next(instances)["question"].metadata.question.id == "where"


def write_squad(path: Path, *questions: dict) -> Path:
    paragraph = {"context": "Ida lost her keys in Oslo.", "qas": list(questions)}
    path.write_text(json.dumps({"data": [{"title": "Keys", "paragraphs": [paragraph]}]}))
    return path


GOOD = {"id": "good", "question": "Where?", "answers": [{"text": "Oslo", "answer_start": 21}]}
NONE = {"id": "none", "question": "When?", "answers": []}


def test_training_needs_answers_and_says_which_is_missing(tmp_path):
    path = write_squad(tmp_path / "train.json", GOOD, NONE)
    with pytest.raises(
        DataError, match=r"train\.json:1: article 1 ..Keys..,.*question none: no ans"
    ):
        list(make_reader(training=True).read(path))
    with pytest.raises(DataError, match="mark it with `is_impossible`"):
        list(make_reader(training=True, impossible_answers=True).read(path))
    assert len(list(make_reader().read(path))) == 2


def test_bad_questions_are_counted_unless_strict(tmp_path, caplog):
    bad = {"id": "bad", "question": "Where?", "answers": [{"text": "Oslo", "answer_start": 99}]}
    path = write_squad(tmp_path / "train.json", bad, GOOD, NONE)
    with pytest.raises(DataError, match=r"question bad: .*mend `answer_start`"):
        list(make_reader(training=True).read(path))
    with caplog.at_level("WARNING"):
        assert len(list(make_reader(training=True, strict=False).read(path))) == 1
    assert "2 bad questions left out; the first: " in caplog.text
    assert "question bad" in caplog.text


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"stride": 0}, "`stride` must be 1 or more"),
        ({"max_length": 67}, "no room for the passage beside a question of 64"),
        ({"indexer": {"type": "single_id"}}, "SingleIdTokenIndexer does not cut texts"),
    ],
)
def test_impossible_settings(options, sentence):
    with pytest.raises(ConfigError, match=sentence):
        make_reader(**options)


def test_questions_have_answers_all_or_none(tmp_path, caplog):
    """Where they are not learnt: all instances of a batch must have the same fields."""
    text = "Ida lost her keys in Oslo."
    asked = {"question": "Where?", "context": text}
    known = asked | {"answers": [{"text": "Oslo", "answer_start": 21}]}
    path = tmp_path / "mixed.jsonl"
    for records, sentence in (
        ([known, asked | {"answers": None}], "it has no `answers`, but those before it do; label"),
        ([asked, known], "it has `answers`, but those before it do not; label all or none"),
    ):
        lines = [json.dumps(one | {"id": str(place)}) for place, one in enumerate(records)]
        path.write_text("\n".join(lines))
        with pytest.raises(DataError, match=f"mixed.jsonl:2: {sentence}"):
            list(make_reader().read(path))
        with caplog.at_level("WARNING"):
            (left,) = make_reader(strict=False).read(path)
        assert left["question"].metadata.question.id == "0"
        assert "1 bad questions left out" in caplog.text


def test_a_passage_without_pieces_has_the_fields_of_others_at_a_fixed_length():
    reader = make_reader(fixed_length=True, max_length=100)
    empty, other = (
        reader.text_to_instance(Question(id="q", question="a", context=text))
        for text in (" ", "Oslo.")
    )
    assert empty.fields.keys() == other.fields.keys()
    assert not len(empty["attended"].tensor)


def test_a_passage_without_pieces_has_no_windows():
    asked = Question(id="q", question="a", context=" \n ", is_annotated=False)
    instance = make_reader().text_to_instance(asked)
    assert len(instance["token_ids"]) == 0
    assert not list(
        make_reader(training=True, impossible_answers=True).training_instances(
            Question(id="q", question="a", context="", is_impossible=True)
        )
    )
