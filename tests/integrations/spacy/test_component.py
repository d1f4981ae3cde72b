"""The component `spanbert_coref` in pipelines, with a tiny model that has learned a text."""

import shutil
from pathlib import Path

import huggingface_hub
import pytest
import spacy
from spacy.tokens import Doc

from spanbert_allen.common.errors import ConfigError, DataError
from spanbert_allen.integrations.spacy.component import CorefComponent
from tests.places import FIXTURES

LEARNED = "The keeper lit her lamp.\nIt burned."
EXPECTED = {
    "coref_clusters_1": ["The keeper", "her"],
    "coref_clusters_2": ["her lamp", "It"],
}


def groups(doc: Doc) -> dict[str, list[str]]:
    return {name: [span.text for span in spans] for name, spans in doc.spans.items()}


def pipeline(trained: Path, **config: object) -> spacy.Language:
    nlp = spacy.blank("en")
    nlp.add_pipe("spanbert_coref", config={"model": str(trained / "model.tar.gz"), **config})
    return nlp


@pytest.fixture(scope="module")
def nlp(trained_coref: Path) -> spacy.Language:
    return pipeline(trained_coref)


def test_clusters_are_span_groups(nlp: spacy.Language) -> None:
    doc = nlp(LEARNED)
    assert groups(doc) == EXPECTED
    first = doc.spans["coref_clusters_1"][0]
    assert (first.start, first.end) == (0, 2)
    assert doc.spans["coref_clusters_1"].attrs == {"head": 0}
    again = Doc(nlp.vocab).from_bytes(doc.to_bytes())
    assert groups(again) == EXPECTED


@pytest.mark.parametrize("text", ["", " ", "\n\n", "Anna", "Anna left", "..."])
def test_short_and_empty_documents(nlp: spacy.Language, text: str) -> None:
    doc = nlp(text)
    assert (doc.text, dict(doc.spans)) == (text, {})


def test_white_space_between_words_moves_tokens_only(nlp: spacy.Language) -> None:
    doc = nlp("The keeper  lit \n her lamp.\n\nIt burned.")
    assert groups(doc) == EXPECTED
    assert doc.spans["coref_clusters_1"][1][0].text == "her"


def test_tokens_and_sentences_of_a_doc_stay(nlp: spacy.Language) -> None:
    words = "The keeper lit her lamp . It burned .".split()  # noqa: SIM905
    doc = Doc(nlp.vocab, words=words, sent_starts=[1, 0, 0, 0, 0, 0, 1, 0, 0])
    assert groups(nlp(doc)) == EXPECTED
    glued = Doc(nlp.vocab, words=["The keeper lit", "her", "lamp", ".", "It burned", "."])
    found = groups(nlp(glued))
    assert all(text in {"The keeper lit", "her", "lamp", "It burned", "her lamp"}
               for texts in found.values() for text in texts)  # fmt: skip


def test_a_stream_is_the_same_in_any_batches(nlp: spacy.Language) -> None:
    texts = [LEARNED, "", "Anna left.", LEARNED * 2, "Anna", LEARNED]
    alone = [groups(nlp(text)) for text in texts]
    for batch_size in (1, 2, 100):
        docs = list(nlp.pipe(texts, batch_size=batch_size))
        assert [doc.text for doc in docs] == texts
        assert [groups(doc) for doc in docs] == alone


def test_clusters_are_written_anew_and_other_groups_stay(nlp: spacy.Language) -> None:
    doc = nlp.make_doc(LEARNED)
    doc.spans["coref_clusters_7"] = [doc[0:1]]
    doc.spans["mine"] = [doc[1:2]]
    doc.spans["coref_clusters_strict_1"] = [doc[2:3]]  # of a component with another prefix
    others = {"mine": ["keeper"], "coref_clusters_strict_1": ["lit"]}
    assert groups(nlp(doc)) == EXPECTED | others


def test_another_prefix_and_options(trained_coref: Path) -> None:
    options = {"link_threshold": 1000.0, "singleton_threshold": -1000.0}
    found = groups(pipeline(trained_coref, prefix="entity", options=options)(LEARNED))
    assert set(found) == {f"entity_{number + 1}" for number in range(len(found))}
    assert found and {len(texts) for texts in found.values()} == {1}


def test_resolved_text_by_the_tags_of_the_doc(trained_coref: Path) -> None:
    nlp = pipeline(trained_coref, options={"resolved_text": True})
    doc = nlp(LEARNED)
    assert doc._.resolved_text == "The keeper lit the keeper's lamp.\nThe keeper's lamp burned."
    words = ["The", "keeper", "lit", "her", "lamp", ".", "It", "burned", "."]
    tags = ["DET", "NOUN", "VERB", "PRON", "NOUN", "PUNCT", "VERB", "VERB", "PUNCT"]
    tagged = Doc(
        nlp.vocab, words=words, pos=tags, tags=["PRP$" if w == "her" else "" for w in words]
    )
    assert nlp(tagged)._.resolved_text == "The keeper lit the keeper's lamp . It burned . "


def test_speakers_are_read_from_tokens(nlp: spacy.Language) -> None:
    seen = []
    predictor = nlp.get_pipe("spanbert_coref").predictor
    reader = predictor._dataset_reader
    text_to_instance = reader.text_to_instance

    def watched(document):
        seen.append((document.speakers, document.genre))
        return text_to_instance(document)

    reader.text_to_instance = watched
    try:
        doc = nlp.make_doc("I know. Do you?")
        for token in doc[:3]:
            token._.speaker = "Ida"
        doc._.genre = "tc"
        nlp(doc)
    finally:
        del reader.text_to_instance
    assert seen == [(["Ida"] * 3 + ["-"] * 3, "tc")]


def test_a_saved_pipeline_carries_its_model(trained_coref: Path, tmp_path: Path) -> None:
    """Training folder, disk, bytes; the model it was made from is gone."""
    source = Path(shutil.copytree(trained_coref, tmp_path / "run"))
    nlp = spacy.blank("en")
    nlp.add_pipe("spanbert_coref", config={"model": str(source), "prefix": "c"})
    expected = {name.replace("coref_clusters", "c"): texts for name, texts in EXPECTED.items()}
    nlp.to_disk(tmp_path / "saved")
    data = nlp.to_bytes()
    shutil.rmtree(source)
    assert groups(spacy.load(tmp_path / "saved")(LEARNED)) == expected
    other = spacy.blank("en")
    other.add_pipe("spanbert_coref")
    other.from_bytes(data)
    shutil.rmtree(tmp_path / "saved")
    assert groups(other(LEARNED)) == expected
    other.to_disk(tmp_path / "again")
    assert groups(spacy.load(tmp_path / "again")(LEARNED)) == expected


def test_without_the_model_settings_alone_are_saved(trained_coref: Path, tmp_path: Path) -> None:
    component = CorefComponent(spacy.blank("en"), model=trained_coref, device="cpu", prefix="c")
    component.to_disk(tmp_path, exclude=["model"])
    assert [path.name for path in tmp_path.iterdir()] == ["settings"]
    again = CorefComponent(spacy.blank("en")).from_disk(tmp_path)
    assert (again.prefix, again.model_path) == ("c", None)
    assert len(component.to_bytes(exclude=["model"])) < 1000


def test_a_training_without_archive_is_packed(trained_coref: Path, tmp_path: Path) -> None:
    source = tmp_path / "run"
    shutil.copytree(trained_coref, source, ignore=shutil.ignore_patterns("model.tar.gz"))
    CorefComponent(spacy.blank("en"), model=source).to_disk(tmp_path / "saved")
    again = CorefComponent(spacy.blank("en")).from_disk(tmp_path / "saved")
    assert again.predictor.predict(LEARNED)["clusters"]


def test_a_component_without_model_or_with_a_wrong_one(tmp_path: Path) -> None:
    nlp = spacy.blank("en")
    nlp.add_pipe("spanbert_coref")
    with pytest.raises(ConfigError, match="has no model"):
        nlp("Anna left.")
    nlp = spacy.blank("en")
    nlp.add_pipe("spanbert_coref", config={"model": str(tmp_path / "none.tar.gz")})
    with pytest.raises(Exception, match=r"none.tar.gz: no such file or folder"):
        nlp("Anna left.")


def test_documents_that_fail_go_to_the_error_handler(nlp, monkeypatch) -> None:
    predictor = nlp.get_pipe("spanbert_coref").predictor
    predict_many = predictor.predict_many

    def failing(docs):
        results = predict_many(docs)
        return [
            {"error": "no memory"} if "gone" in doc.text else result
            for doc, result in zip(docs, results, strict=True)
        ]

    monkeypatch.setattr(predictor, "predict_many", failing)
    texts = [LEARNED, "gone", LEARNED]
    with pytest.raises(RuntimeError, match="no memory"):
        list(nlp.pipe(texts))
    with pytest.raises(RuntimeError, match="no memory"):
        nlp("gone")
    failed = []
    component = nlp.get_pipe("spanbert_coref")
    component.set_error_handler(lambda name, proc, docs, error: failed.extend(docs))
    try:
        assert [groups(doc) for doc in nlp.pipe(texts)] == [EXPECTED] * 2
    finally:
        component.set_error_handler(None)
    assert [doc.text for doc in failed] == ["gone"]


def test_a_pipeline_whose_model_was_named_as_on_the_hub_is_saved_with_it(tmp_path, monkeypatch):
    archive = FIXTURES / "archives" / "coref_light.tar.gz"
    monkeypatch.setattr(huggingface_hub, "hf_hub_download", lambda *_, **__: str(archive))
    component = CorefComponent(spacy.blank("en"), model="ida/coref")
    component.to_disk(tmp_path / "saved")
    assert (tmp_path / "saved" / "model.tar.gz").read_bytes() == archive.read_bytes()
    component = CorefComponent(spacy.blank("en"), model=tmp_path / "gone.tar.gz")
    with pytest.raises(DataError, match=r"gone\.tar\.gz: no such file or folder"):
        component.to_disk(tmp_path / "saved")
