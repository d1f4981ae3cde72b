"""Fit the temperature of a model that chooses one of several classes."""

from __future__ import annotations

from typing import NamedTuple

from torch import Tensor
from torch.nn.functional import cross_entropy

from spanbert_allen.common.errors import DataError
from spanbert_allen.data.unseen_names import UNKNOWN_LABEL
from spanbert_allen.metrics.calibration import expected_calibration_error, fitted_temperature


class ClassCalibration(NamedTuple):
    """
    Hold the scores of a temperature.

    # Parameters

    temperature : `float`
        What logits are divided by.
    nll : `float`
        The mean negative log likelihood of the right classes.
    ece : `float`
        The expected calibration error of the chosen classes, in percent.
    """

    temperature: float
    nll: float
    ece: float


def best_temperature(logits: Tensor, labels: Tensor) -> float:
    """
    Return the temperature with the lowest negative log likelihood of the right classes.

    Raises a `DataError` if the model knows none of these, or if its scores are no numbers.

    # Parameters

    logits : `Tensor`
        Shape: (num_examples, num_labels)
    labels : `Tensor`
        `UNKNOWN_LABEL` for classes that the model does not have. Shape: (num_examples,)
    """
    if (labels == UNKNOWN_LABEL).all():
        raise DataError(
            "no example of the data has a label that the model knows: give data with the labels "
            "that it was trained with"
        )
    if not logits.isfinite().all():
        raise DataError(
            "the model's scores for some examples are not finite numbers: if they are for all, the "
            'weights are broken, else use `dtype` "float32"'
        )
    return fitted_temperature(lambda temperature: _nll(logits, labels, temperature))


def calibration(
    logits: Tensor, labels: Tensor, chosen: Tensor, temperature: float
) -> ClassCalibration:
    """
    Return the scores of a temperature.

    # Parameters

    logits : `Tensor`
        Shape: (num_examples, num_labels)
    labels, chosen : `Tensor`
        The right classes, and those of the model. Shape: (num_examples,)
    temperature : `float`
        What logits are divided by.
    """
    probabilities = (logits.double() / temperature).softmax(-1)
    confidences = probabilities.gather(1, chosen[:, None])[:, 0]
    error = expected_calibration_error(confidences.tolist(), (chosen == labels).tolist())
    return ClassCalibration(temperature, _nll(logits, labels, temperature), 100 * error)


def _nll(logits: Tensor, labels: Tensor, temperature: float) -> float:
    return cross_entropy(logits.double() / temperature, labels, ignore_index=UNKNOWN_LABEL).item()
