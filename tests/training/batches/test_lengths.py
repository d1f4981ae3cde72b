import pytest
import torch
from allennlp.common import Params
from allennlp.data import Instance, Token, TokenIndexer, Vocabulary
from allennlp.data.fields import LabelField, ListField, MetadataField, TensorField, TextField

from spanbert_allen.common.errors import ConfigError
from spanbert_allen.training.batches.lengths import instance_lengths


def instance(length, num_spans=1, **fields):
    return Instance(
        {
            "metadata": MetadataField({"not": "measured"}),
            "gold_spans": TensorField(torch.zeros(num_spans, 2)),
            "token_ids": TensorField(torch.zeros(length, dtype=torch.long)),
            "weight": TensorField(torch.tensor(99)),
            **fields,
        }
    )


def test_the_longest_tensor_counts_unless_a_field_is_named():
    instances = [instance(5), instance(0, 0), instance(3, num_spans=4)]
    assert instance_lengths(instances) == [5, 0, 4]
    assert instance_lengths(instances, "token_ids") == [5, 0, 3]
    assert instance_lengths(instances, "gold_spans") == [1, 0, 4]


def test_a_field_with_one_number_is_the_length_itself():
    """For data that the reader has padded already."""
    padded = instance(384, num_pieces=MetadataField(57))
    assert instance_lengths([padded], "num_pieces") == [57]
    assert instance_lengths([padded], "weight") == [99]


def test_of_a_mask_what_is_true_counts():
    mask = TensorField(torch.arange(384) < 57)
    assert instance_lengths([instance(384, attended=mask)], "attended") == [57]


def test_a_function_gives_the_length():
    assert instance_lengths([instance(5)], lambda it: 10 * len(it["token_ids"])) == [50]


def test_of_a_text_the_pieces_count_and_of_a_list_its_entries():
    indexer = TokenIndexer.from_params(Params({"type": "spanbert", "model_name": "tiny"}))
    text = TextField([Token("unbelievabilities"), Token("wonderfulnesses")], {"pieces": indexer})
    entries = ListField([LabelField(0, skip_indexing=True)] * 3)
    both = Instance({"text": text, "entries": entries})
    both.index_fields(Vocabulary())
    num_pieces = len(text.as_tensor(text.get_padding_lengths())["pieces"]["token_ids"])
    assert num_pieces > 4  # [CLS], [SEP] and more pieces than words
    assert instance_lengths([both]) == instance_lengths([both], "text") == [num_pieces]
    assert instance_lengths([both], "entries") == [3]


def test_what_cannot_be_measured_is_named():
    with pytest.raises(
        ConfigError, match=r"'pieces'.*does not have: choose among metadata, gold_s"
    ):
        instance_lengths([instance(1)], "pieces")
    with pytest.raises(ConfigError, match="'metadata', a MetadataField with neither a length nor"):
        instance_lengths([instance(1)], "metadata")
    with pytest.raises(ConfigError, match=r"no field of an instance \(m\) is a sequence"):
        instance_lengths([Instance({"m": MetadataField(3)})])
