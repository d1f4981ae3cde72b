"""Fine-tuned models in, archives; archives in, folders of transformers: logits stay the same."""

from __future__ import annotations

import json
import shutil
import tarfile
from pathlib import Path

import pytest
import torch
from allennlp.commands.evaluate import evaluate_from_archive
from allennlp.common import Params
from allennlp.data import Batch, Vocabulary
from allennlp.models import Model, load_archive
from allennlp.predictors import Predictor
from transformers import AutoTokenizer, BertConfig, BertForQuestionAnswering

import spanbert_allen.plugin  # noqa: F401
from spanbert_allen.__main__ import main
from spanbert_allen.common.errors import ConfigError, DataError
from spanbert_allen.formats.qa.question import Question
from tests import places
from tests.fixtures.make_tiny_spanbert import SHIPPED

QUESTION = "Where did Ida lose her keys?"
CONTEXT = "Ida lost her keys in Oslo. A boy of ten found them on the old tram. " * 8


@pytest.fixture(scope="module")
def theirs() -> BertForQuestionAnswering:
    torch.manual_seed(5)
    config = BertConfig.from_pretrained(SHIPPED)
    model = BertForQuestionAnswering(config)
    with torch.no_grad():
        model.qa_outputs.weight.mul_(20)
    return model.eval()


def authors_weights(model: BertForQuestionAnswering, *, half: bool, old: bool) -> dict:
    """As the authors' programs save: names of the specification, 0.2."""
    weights = {}
    renamings = {"LayerNorm.weight": "LayerNorm.gamma", "LayerNorm.bias": "LayerNorm.beta"}
    for name, tensor in model.state_dict().items():
        last = ".".join(name.split(".")[-2:])
        saved = name.replace(last, renamings.get(last, last)) if old else name
        weights[saved] = tensor.half() if half else tensor
    # Random and of no use for this task, but it is in their files.
    weights["bert.pooler.dense.weight"] = torch.zeros(20, 20)
    weights["bert.pooler.dense.bias"] = torch.zeros(20)
    return weights


def authors_folder(folder: Path, model, *, half: bool = False, old: bool = False) -> Path:
    folder.mkdir()
    config = json.loads((SHIPPED / "config.json").read_text())
    for name in ("architectures", "model_type", "pad_token_id", "layer_norm_eps"):
        config.pop(name, None)
    (folder / "config.json").write_text(json.dumps(config))
    weights = authors_weights(model, half=half, old=old)
    torch.save(weights, folder / "pytorch_model.bin")
    return folder


def authors_tar(folder: Path, path: Path) -> Path:
    with tarfile.open(path, "w:gz") as archive:
        for file in folder.iterdir():
            archive.add(file, arcname=file.name)
    return path


def run_import(source: Path, archive: Path, *options: str) -> None:
    arguments = ["import", str(source), str(archive), "--task", "qa", "--max-length", "100"]
    assert main([*arguments, *options]) == 0


def windows_of(archive) -> dict:
    reader = archive.validation_dataset_reader
    asked = Question(id="q", question=QUESTION, context=CONTEXT, is_annotated=False)
    batch = Batch([reader.text_to_instance(asked)])
    batch.index_instances(Vocabulary())
    return batch.as_tensor_dict()


def assert_same_logits(archive, model: BertForQuestionAnswering, atol: float = 1e-5) -> None:
    batch = windows_of(archive)
    segments = batch["segment_ids"][0].long()
    assert segments.max() > 0
    ours = archive.model.eval()
    with torch.no_grad():
        vectors = ours.embedder.encode(
            batch["token_ids"].long(), batch["segment_ids"].long(), batch["type_ids"].long()
        )
        logits = ours.qa_outputs.logits(vectors)[0]
        for number in range(int(segments.max()) + 1):
            inside = segments == number
            expected = model(
                input_ids=batch["token_ids"][:, inside].long(),
                token_type_ids=batch["type_ids"][:, inside].long(),
            )
            torch.testing.assert_close(
                logits[inside, 0], expected.start_logits[0], atol=atol, rtol=0
            )
            torch.testing.assert_close(logits[inside, 1], expected.end_logits[0], atol=atol, rtol=0)


@pytest.mark.parametrize("half", [False, True])
@pytest.mark.parametrize("as_tar", [False, True])
def test_the_authors_archives(tmp_path, theirs, half, as_tar):
    source = authors_folder(tmp_path / "source", theirs, half=half, old=as_tar)
    if as_tar:
        source = authors_tar(source, tmp_path / "spanbert_squad2.tar.gz")
    target = tmp_path / "model.tar.gz"
    vocabulary = ["--vocabulary", str(SHIPPED / "vocab.txt")]
    run_import(source, target, "--impossible-answers", "--threshold", "-1.5", *vocabulary)
    shutil.rmtree(tmp_path / "source")
    archive = load_archive(target)
    expected = theirs
    if half:
        expected = BertForQuestionAnswering(theirs.config).eval()
        expected.load_state_dict(
            {name: tensor.half().float() for name, tensor in theirs.state_dict().items()}
        )
    assert_same_logits(archive, expected)
    assert archive.model.impossible_answers and archive.model.threshold == -1.5
    result = Predictor.from_archive(archive).predict(QUESTION, CONTEXT)
    assert result["threshold"] == -1.5 and result["answers"]
    assert archive.dataset_reader.training and not archive.validation_dataset_reader.training


def test_there_and_back(tmp_path, theirs):
    folder = tmp_path / "hf"
    theirs.save_pretrained(folder)
    for name in ("vocab.txt", "tokenizer_config.json"):
        shutil.copy(SHIPPED / name, folder)
    options = ["--impossible-answers", "--threshold", "1.5"]
    run_import(folder, tmp_path / "model.tar.gz", *options)
    assert main(["export", str(tmp_path / "model.tar.gz"), str(tmp_path / "out")]) == 0
    assert {path.name for path in (tmp_path / "out").iterdir()} == {
        "README.md",
        "config.json",
        "model.safetensors",
        "tokenizer_config.json",
        "vocab.txt",
    }
    again, info = BertForQuestionAnswering.from_pretrained(
        tmp_path / "out", output_loading_info=True
    )
    assert not info["missing_keys"] and not info["unexpected_keys"]
    for name, tensor in theirs.state_dict().items():
        assert torch.equal(again.state_dict()[name], tensor), name
    assert_same_logits(load_archive(tmp_path / "model.tar.gz"), again.eval())
    tokenizer = AutoTokenizer.from_pretrained(tmp_path / "out")
    assert tokenizer.tokenize("Oslo, oslo") == AutoTokenizer.from_pretrained(SHIPPED).tokenize(
        "Oslo, oslo"
    )
    assert tokenizer.model_max_length == 512
    config = json.loads((tmp_path / "out" / "config.json").read_text())
    assert config["architectures"] == ["BertForQuestionAnswering"]
    names = [str(tmp_path / name) for name in ("out", "second.tar.gz")]
    assert main(["import", *names, "--task", "qa"]) == 0
    first, second = (load_archive(tmp_path / name) for name in ("model.tar.gz", "second.tar.gz"))
    for name, tensor in first.model.state_dict().items():
        assert torch.equal(tensor, second.model.state_dict()[name]), name
    assert second.model.impossible_answers and second.model.threshold == 1.5  # these are kept
    reader = second.validation_dataset_reader
    assert reader.impossible_answers and reader.shape.max_length == 100


def test_an_encoder_that_was_a_classifiers_leaves_no_labels_in_an_export(tmp_path, theirs):
    """Transformers takes the number of outputs from them, which are two here."""
    folder = tmp_path / "hf"
    theirs.save_pretrained(folder)
    for name in ("vocab.txt", "tokenizer_config.json"):
        shutil.copy(SHIPPED / name, folder)
    config = json.loads((folder / "config.json").read_text())
    config |= {"id2label": {"0": "a", "1": "b", "2": "c"}, "label2id": {"a": 0, "b": 1, "c": 2}}
    config |= {"problem_type": "multi_label_classification"}
    (folder / "config.json").write_text(json.dumps(config))
    run_import(folder, tmp_path / "model.tar.gz")
    assert main(["export", str(tmp_path / "model.tar.gz"), str(tmp_path / "out")]) == 0
    again = BertForQuestionAnswering.from_pretrained(tmp_path / "out")
    assert torch.equal(again.qa_outputs.weight, theirs.qa_outputs.weight)
    assert again.config.problem_type is None


def test_an_imported_model_is_evaluated(tmp_path, theirs):
    source = authors_folder(tmp_path / "source", theirs)
    run_import(source, tmp_path / "model.tar.gz", "--vocabulary", str(SHIPPED))
    data = places.FIXTURES / "qa" / "squad.json"
    out = tmp_path / "metrics.json"
    evaluate_from_archive(tmp_path / "model.tar.gz", str(data), metrics_output_file=str(out))
    assert json.loads(out.read_text())["total"] == 5


def test_the_card_says_what_the_model_is(tmp_path, theirs):
    from spanbert_allen.conversion.model_card import model_card
    from spanbert_allen.conversion.tasks import TASKS

    config = {"model": {"type": "spanbert_qa", "embedder": {"model_name": "spanbert-base-cased"}}}
    card = model_card(config, TASKS["qa"], {"best_validation_f1": 81.25, "epoch": 3})
    front = card.split("---")[1]
    assert "pipeline_tag: question-answering" in front and "library_name: transformers" in front
    assert "| f1 | 81.25 |" in card and "CC-BY-NC" in card and '"spanbert_qa"' in card
    assert "epoch" not in card


def test_adapters_are_merged(tmp_path):
    pytest.importorskip("peft")
    config = {
        "dataset_reader": {
            "type": "spanbert_squad",
            "max_length": 100,
            "indexer": {"type": "spanbert", "model_name": "tiny"},
        },
        "model": {
            "type": "spanbert_qa",
            "embedder": {
                "type": "spanbert",
                "model_name": "tiny",
                "lora": {"rank": 2, "targets": ["query"]},
            },
        },
    }
    run = tmp_path / "run"
    run.mkdir()
    params = Params(json.loads(json.dumps(config)))
    model = Model.from_params(params["model"], vocab=Vocabulary(), serialization_dir=str(run))
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if "lora_" in name:
                parameter.normal_()
    Params(config).to_file(str(run / "config.json"))
    Vocabulary().save_to_files(str(run / "vocabulary"))
    torch.save(model.state_dict(), run / "best.th")
    from allennlp.models.archival import archive_model

    archive_model(str(run))
    assert main(["export", str(run / "model.tar.gz"), str(tmp_path / "out")]) == 0
    merged = BertForQuestionAnswering.from_pretrained(tmp_path / "out").eval()
    assert_same_logits(load_archive(run / "model.tar.gz"), merged, atol=1e-4)
    original = BertForQuestionAnswering.from_pretrained(SHIPPED)
    key = "bert.encoder.layer.0.attention.self.query.weight"
    assert not torch.equal(merged.state_dict()[key], original.state_dict()[key])


def test_what_is_no_question_answering_model(tmp_path, theirs):
    target = tmp_path / "model.tar.gz"
    with pytest.raises(DataError, match=r"has no `qa_outputs.weight`: it is not a model fine-tun"):
        run_import(SHIPPED, target)
    other = authors_folder(tmp_path / "other", theirs)
    weights = torch.load(other / "pytorch_model.bin")
    weights["qa_outputs.weight"] = torch.zeros(3, 20)
    torch.save(weights, other / "pytorch_model.bin")
    vocabulary = ["--vocabulary", str(SHIPPED)]
    with pytest.raises(DataError, match=r"has shape \(3, 20\), not \(2, 20\)"):
        run_import(other, target, *vocabulary)
    del weights["bert.encoder.layer.1.output.dense.bias"]
    torch.save(weights, other / "pytorch_model.bin")
    with pytest.raises(DataError, match=r"missing: encoder\.layer\.1\.output\.dense\.bias"):
        run_import(other, target, *vocabulary)
    with pytest.raises(ConfigError, match=r"must end in \.tar\.gz"):
        run_import(SHIPPED, tmp_path / "model.zip")
    with pytest.raises(DataError, match=r"the folder .* does not exist"):
        run_import(SHIPPED, tmp_path / "none" / "model.tar.gz")
    assert [path.name for path in tmp_path.iterdir()] == ["other"]


def test_what_cannot_be_exported(tmp_path):
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "file").touch()
    with pytest.raises(DataError, match="is there already"):
        main(["export", "model.tar.gz", str(tmp_path / "full")])
    with pytest.raises(DataError, match="no such file"):
        main(["export", str(tmp_path / "model.tar.gz"), str(tmp_path / "new")])
    with pytest.raises(DataError, match=r"full: is a folder .*: name a model\.tar\.gz"):
        main(["export", str(tmp_path / "full"), str(tmp_path / "new")])
    assert not (tmp_path / "new").exists()
