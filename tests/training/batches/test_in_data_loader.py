"""The samplers in AllenNLP's data loader, all built from a configuration."""

import json

import pytest
from allennlp.common import Params
from allennlp.data import DataLoader, DatasetReader, Vocabulary

from spanbert_allen.training import ResumableSampler

SAMPLERS = {
    "frozen": {"type": "spanbert_frozen_batches", "batch_size": 3, "length_field": "token_ids"},
    "budget": {"type": "spanbert_token_budget", "max_pieces": 40, "padding_noise": 0.3},
}
NUM_DOCUMENTS = 17


@pytest.fixture(scope="module")
def documents(tmp_path_factory):
    """Of 5 to 21 words, in no order; the first word is one piece of its own in each."""
    path = tmp_path_factory.mktemp("documents") / "train.jsonl"
    sizes = [5 + (7 * number) % NUM_DOCUMENTS for number in range(NUM_DOCUMENTS)]
    records = [{"doc_key": str(n), "tokens": size * ["a"]} for n, size in enumerate(sizes)]
    path.write_text("\n".join(map(json.dumps, records)) + "\n")
    return path


def loader(sampler, documents):
    reader = {"type": "spanbert_coref_jsonl", "indexer": {"type": "spanbert", "model_name": "tiny"}}
    built = DataLoader.from_params(
        Params({"batch_sampler": sampler}),
        reader=DatasetReader.from_params(Params(reader)),
        data_path=str(documents),
    )
    built.index_with(Vocabulary())
    return built


def epoch(a_loader):
    return [[entry["document"].doc_key for entry in batch["metadata"]] for batch in a_loader]


@pytest.mark.parametrize("name", SAMPLERS)
def test_epochs_of_the_data_loader(name, documents):
    a_loader = loader(dict(SAMPLERS[name]), documents)
    assert isinstance(a_loader.batch_sampler, ResumableSampler)
    found = [epoch(a_loader) for _ in range(3)]
    for batches in found:
        assert sorted(int(key) for batch in batches for key in batch) == list(range(NUM_DOCUMENTS))
        assert len(a_loader) == len(batches)
    assert found[0] != found[1] != found[2]
    same_company = sorted(map(sorted, found[0])) == sorted(map(sorted, found[1]))
    assert same_company == (name == "frozen")

    resumed = loader(dict(SAMPLERS[name]), documents)
    resumed.batch_sampler.load_state_dict({"epochs_begun": 1})
    assert [epoch(resumed), epoch(resumed)] == found[1:]


def test_the_tensors_keep_to_the_budget(documents):
    for batch in loader(dict(SAMPLERS["budget"]), documents):
        assert batch["token_ids"].numel() <= 40
