"""Options that come from JSON are of the kinds that they must be."""

from __future__ import annotations

import json

import numpy as np
import pytest

from spanbert_allen.common.errors import ConfigError
from spanbert_allen.predictors.coref.options import CorefOptions
from spanbert_allen.predictors.coref.predictor import CorefPredictor
from spanbert_allen.predictors.multitask.predictor import MultitaskPredictor
from spanbert_allen.predictors.option_checks import changed_options, checked_option
from spanbert_allen.predictors.qa.predictor import QAOptions, QAPredictor
from spanbert_allen.predictors.sequence.predictor import SequenceClassifierPredictor
from tests.predictors.coref.fakes import fake_predictor


@pytest.mark.parametrize(
    ("options", "given", "sentence"),
    [
        (CorefOptions, {"link_threshold": "high"}, "`link_threshold` is 'high'; it must be a num"),
        (CorefOptions, {"singleton_threshold": True}, "`singleton_threshold` is True; it must be"),
        (CorefOptions, {"link_threshold": float("nan")}, "`link_threshold` is nan; it must be a n"),
        (CorefOptions, {"link_threshold": [0.5]}, r"`link_threshold` is \[0.5\]; it must be a num"),
        (CorefOptions, {"top_antecedents": "3"}, "`top_antecedents` is '3'; it must be a whole nu"),
        (CorefOptions, {"top_antecedents": 1.5}, "`top_antecedents` is 1.5; it must be a whole nu"),
        (CorefOptions, {"top_antecedents": None}, "`top_antecedents` is None; it must be a whole "),
        (CorefOptions, {"probabilities": "no"}, "`probabilities` is 'no'; it must be true or fal"),
        (CorefOptions, {"sentences": 1}, "`sentences` is 1; it must be true or false"),
        (QAOptions, {"top_k": "3"}, "`top_k` is '3'; it must be a whole number"),
        (QAOptions, {"top_k": True}, "`top_k` is True; it must be a whole number"),
        (QAOptions, {"doc_stride": 12.5}, "`doc_stride` is 12.5; it must be a whole number"),
        (QAOptions, {"threshold": "0"}, "`threshold` is '0'; it must be a number"),
        (QAOptions, {"handle_impossible_answer": 0}, "`handle_impossible_answer` is 0; it must be"),
    ],
)
def test_other_kinds_are_refused(options, given, sentence):
    with pytest.raises(ConfigError, match=sentence):
        options(**given)
    with pytest.raises(ConfigError, match=sentence):
        changed_options(options(), given)


def test_what_is_of_its_kind():
    options = json.loads('{"link_threshold": -Infinity, "singleton_threshold": 1}')
    assert CorefOptions(**options).decoding.link_threshold == float("-inf")
    assert CorefOptions(link_threshold=np.float32(0.5), top_antecedents=np.int64(2))
    assert QAOptions(top_k=None, handle_impossible_answer=False, threshold=0)
    assert checked_option("p", True, bool) is True


def test_predictors_say_it_before_they_predict():
    with pytest.raises(ConfigError, match="`link_threshold` is 'high'; it must be a number"):
        fake_predictor(link_threshold="high")
    with pytest.raises(ConfigError, match="`max_pieces_per_batch` is '1000'; it must be a whole"):
        fake_predictor(max_pieces_per_batch="1000")
    with pytest.raises(ConfigError, match="`top_antecedents` is 'all'; it must be a whole number"):
        fake_predictor().predict("a", top_antecedents="all")


@pytest.mark.parametrize("kind", [CorefPredictor, QAPredictor])
def test_whoever_makes_a_predictor_is_told_all_options(kind):
    options = r"engine, .*max_pieces_per_batch, .*(sentences|threshold)"
    with pytest.raises(ConfigError, match=rf"`topk` is no option; choose among .*{options}"):
        kind(None, None, topk=1)


@pytest.mark.parametrize("kind", [SequenceClassifierPredictor, MultitaskPredictor])
def test_an_option_that_no_constructor_has_is_refused(kind):
    with pytest.raises(ConfigError, match=r"`topk` is no option; choose among engine, max_pieces"):
        kind(None, None, topk=1)
