import json
import subprocess
import sys
from collections import Counter

import pytest

from spanbert_allen.common.errors import DataError
from spanbert_allen.formats.coref.jsonl import read_coref_jsonl
from spanbert_allen.sample_corpus import TEXTS, layouts, sample_texts
from spanbert_allen.sample_corpus.checks import check_texts
from spanbert_allen.sample_corpus.sample_text import GENRES, NO_RELATION, RELATIONS, SPLITS


@pytest.fixture(scope="module")
def samples():
    return sample_texts()


def test_shipped_texts_have_no_problem():
    assert [str(problem) for problem in check_texts(sorted(TEXTS.iterdir()))[1]] == []


def test_size_and_genres(samples):
    assert len(samples) >= 60
    parts = Counter((sample.split, sample.genre) for sample in samples)
    assert set(parts) == {(split, genre) for split in SPLITS for genre in GENRES}
    assert all(
        parts["train", genre] > parts["test", genre] >= parts["dev", genre] for genre in GENRES
    )
    assert sum(map(len, (sample_texts(split) for split in SPLITS))) == len(samples)


@pytest.mark.parametrize("split", SPLITS)
def test_a_third_of_the_questions_has_no_answer(split):
    questions = [question for sample in sample_texts(split) for question in sample.questions]
    share = sum(question.answer is None for question in questions) / len(questions)
    assert 0.25 <= share <= 0.45


def test_relations_are_learnable():
    train = Counter(item.label for sample in sample_texts("train") for item in sample.relations)
    assert set(train) == {*RELATIONS, NO_RELATION}
    assert min(train.values()) >= 5
    assert 0.25 <= train[NO_RELATION] / train.total() <= 0.45


def test_speakers_are_in_dialogues_only(samples):
    for sample in samples:
        assert bool(sample.turns) == (sample.genre == "dialogue")
        assert len({turn.speaker for turn in sample.turns}) != 1


def test_coref_records_keep_every_mention(samples):
    for sample, record in zip(samples, layouts.coref_records(samples), strict=True):
        assert record["doc_key"] == sample.name
        assert record["genre"] == sample.genre
        marked = [[sample.at(span) for span in cluster] for cluster in sample.clusters]
        assert marked == [
            [record["text"][start:end] for start, end in cluster] for cluster in record["clusters"]
        ]
        speakers = record.get("speakers", [])
        assert [(name, record["text"][start:end]) for start, end, name in speakers] == [
            (turn.speaker, sample.at(turn.span)) for turn in sample.turns
        ]
        pieces = [record["text"][start:end] for start, end, _ in speakers]
        assert not speakers or "\n".join(pieces) == record["text"]


def test_coref_records_read_back_as_the_same_words(samples, tmp_path):
    layouts.write_sample(tmp_path)
    documents = {
        document.doc_key: document
        for split in SPLITS
        for document in read_coref_jsonl(tmp_path / f"coref_{split}.jsonl")
    }
    for sample in samples:
        document = documents.pop(sample.name)
        chars = document.word_chars
        assert {
            frozenset((chars[span.start].start, chars[span.end].end) for span in cluster)
            for cluster in document.clusters
        } == {frozenset(cluster) for cluster in sample.clusters}
        assert (document.speakers is not None) == bool(sample.turns)
        for turn in sample.turns:
            inside = [
                i for i, word in enumerate(chars) if turn.span.start <= word.start < turn.span.end
            ]
            assert {document.speakers[i] for i in inside} == {turn.speaker}
    assert documents == {}


def test_squad_answers_stand_at_their_offsets(samples):
    articles = layouts.squad(samples)["data"]
    questions = [
        (paragraph["context"], question)
        for article in articles
        for paragraph in article["paragraphs"]
        for question in paragraph["qas"]
    ]
    assert len(questions) == sum(len(sample.questions) for sample in samples)
    assert len({question["id"] for _, question in questions}) == len(questions)
    for context, question in questions:
        assert question["is_impossible"] == (question["answers"] == [])
        for answer in question["answers"]:
            start = answer["answer_start"]
            assert context[start : start + len(answer["text"])] == answer["text"] != ""


def test_tacred_spans_are_the_marked_words(samples):
    records = {record["id"]: record for record in layouts.tacred_records(samples)}
    assert len(records) == sum(len(sample.relations) for sample in samples)
    for sample in samples:
        for number, relation in enumerate(sample.relations):
            record = records[f"{sample.name}_r{number}"]
            assert record["relation"] == relation.label
            assert (record["subj_type"], record["obj_type"]) == (
                relation.subject_type,
                relation.object_type,
            )
            for role, span in (("subj", relation.subject), ("obj", relation.object)):
                words = record["token"][record[f"{role}_start"] : record[f"{role}_end"] + 1]
                assert "".join(words) == sample.at(span).replace(" ", "").replace("\n", "")


def test_tacred_record_of_a_known_relation():
    (sample,) = [s for s in sample_texts("train") if s.name == "train_news_harbour_bakery"]
    record = layouts.tacred_records([sample])[0]
    sentence = "Anna Berg opened her bakery on the old harbour of Lunde in 2011 ."
    assert record == {
        "id": "train_news_harbour_bakery_r0",
        "relation": "org:founded_by",
        "token": sentence.split(" "),
        "subj_start": 3,
        "subj_end": 4,
        "obj_start": 0,
        "obj_end": 1,
        "subj_type": "ORGANIZATION",
        "obj_type": "PERSON",
    }


def test_write_sample_writes_every_split_whole(samples, tmp_path):
    folder = tmp_path / "deep" / "sample"
    paths = layouts.write_sample(folder)
    assert paths == layouts.write_sample(folder)
    assert sorted(folder.iterdir()) == sorted(paths)
    assert {path.name for path in paths} == {
        f"{name}_{split}.{ending}"
        for split in SPLITS
        for name, ending in (("coref", "jsonl"), ("squad", "json"), ("tacred", "json"))
    }
    for split in SPLITS:
        part = [sample for sample in samples if sample.split == split]
        lines = (folder / f"coref_{split}.jsonl").read_text(encoding="utf-8").splitlines()
        assert [json.loads(line) for line in lines] == layouts.coref_records(part)
        content = (folder / f"squad_{split}.json").read_text(encoding="utf-8")
        assert json.loads(content) == layouts.squad(part)
        content = (folder / f"tacred_{split}.json").read_text(encoding="utf-8")
        assert json.loads(content) == layouts.tacred_records(part)


def test_write_sample_into_a_file_is_refused(tmp_path):
    (tmp_path / "notes").write_text("mine")
    with pytest.raises(DataError, match=r"notes: this folder cannot be made .*; name another"):
        layouts.write_sample(tmp_path / "notes")
    assert (tmp_path / "notes").read_text() == "mine"


def test_reading_the_corpus_loads_nothing_heavy():
    code = (
        "import sys; from spanbert_allen.sample_corpus import sample_texts; sample_texts();"
        "print({'torch', 'spacy', 'allennlp', 'transformers'} & set(sys.modules))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=True,
        cwd=TEXTS.parents[2],
    )
    assert done.stdout.strip() == "set()"
