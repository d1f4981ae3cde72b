"""A name that no predictor for the model has is told with those that there are."""

from __future__ import annotations

import pytest
from allennlp.commands import predict
from allennlp.commands.predict import Predict
from allennlp.predictors import Predictor

import spanbert_allen
from spanbert_allen.common.errors import ConfigError
from spanbert_allen.predictors import CorefPredictor
from tests.places import FIXTURES

COREF = FIXTURES / "archives" / "coref.tar.gz"
SENTENCE = "no predictor `{}` for a SpanbertCoref: choose among spanbert_coref, spanbert_document"


@pytest.mark.parametrize("name", ["coref", "spanbert_corf", "spanbert_qa"])
def test_a_predictor_that_is_not_for_the_model(name):
    """That of questions marked every document as one without a question."""
    with pytest.raises(ConfigError, match=SENTENCE.format(name)):
        spanbert_allen.load(COREF, predictor=name)


def test_the_command(tmp_path):
    import argparse

    parser = argparse.ArgumentParser()
    Predict().add_subparser(parser.add_subparsers())
    asked = ["predict", str(COREF), "in.jsonl", "--predictor"]
    with pytest.raises(ConfigError, match=SENTENCE.format("coref")):
        predict._get_predictor(parser.parse_args([*asked, "coref"]))
    options = ["spanbert_coref", "--predictor-args", '{"max_pieces_per_batch": 7}']
    assert predict._get_predictor(parser.parse_args([*asked, *options])).max_pieces_per_batch == 7


def test_predictors_of_others_are_taken():
    class Mine(CorefPredictor):
        """One that a user has made."""

    Predictor.register("named_of_a_user")(Mine)
    assert isinstance(spanbert_allen.load(COREF, predictor="named_of_a_user"), Mine)
    with pytest.raises(ConfigError, match="`xx` for a SpanbertSequenceClassifier: choose among sp"):
        spanbert_allen.load(FIXTURES / "archives" / "sequence.tar.gz", predictor="xx")
