"""The label of an instance, with a sentence for a class that the model does not know."""

from __future__ import annotations

from allennlp.data import Vocabulary
from allennlp.data.fields import LabelField

from spanbert_allen.common.errors import DataError
from spanbert_allen.common.record_checks import shown


class ClassLabelField(LabelField):
    """
    A label by name. In training every name makes a class; a trained model knows those only.

    # Parameters

    label : `str`
        The name.
    namespace : `str`
        Where AllenNLP's vocabulary has the names.
    place : `str`, optional (default = `""`)
        Where it was read, for the message.
    """

    def __init__(self, label: str, namespace: str, place: str = "") -> None:
        super().__init__(label, namespace)
        self.place = place

    def index(self, vocab: Vocabulary) -> None:
        """Take the number of the class; `DataError` if the vocabulary has none."""
        known = vocab.get_token_to_index_vocabulary(self._label_namespace)
        if self.label not in known:
            names = sorted(known, key=known.__getitem__)
            raise DataError(
                f"{self.place + ': ' if self.place else ''}the label {shown(self.label)} is none "
                f"of those that the model was trained on: {shown(', '.join(names), 500)}; mend the "
                "label, or train with data that has it"
            )
        super().index(vocab)
