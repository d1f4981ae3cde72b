"""What coreference models can be imported from; known without torch, which importing needs."""

from __future__ import annotations

SOURCE_FORMATS = ("allennlp", "coref-hoi", "tensorflow")
"""An archive of AllenNLP's `coref`; weights of coref-hoi; TensorFlow variables as an `.npz`."""
