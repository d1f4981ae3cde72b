"""Prediction with the encoder's layers run by onnxruntime."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from transformers.modeling_outputs import BaseModelOutput

from spanbert_allen.common.engines import ONNX_INT8, TORCH, checked_engine
from spanbert_allen.common.errors import ConfigError
from spanbert_allen.conversion.onnx.encoder import EncoderWriter
from spanbert_allen.conversion.onnx.graph import GraphWriter
from spanbert_allen.conversion.onnx.packages import require_packages
from spanbert_allen.modules.encoder.embedder import embedder_of


def use_engine(model: nn.Module, engine: str) -> None:
    """
    Let the encoder of a model be run by an engine, from now on, in place.

    # Parameters

    model : `nn.Module`
        A model with one embedder of type `spanbert`, on the CPU.
    engine : `str`
        `torch`, `onnx` or `onnx-int8`. `torch` leaves the model as it is.

    # Errors

    `ConfigError` if there is no such engine, its packages are not installed, the model is on a GPU
    or its encoder has no form in ONNX, or another engine runs it already.
    """
    if checked_engine(engine) == TORCH:
        return
    require_packages(f"`engine` {engine!r}")
    embedder = embedder_of(model)
    if isinstance(embedder.encoder, OnnxEncoder):
        if embedder.encoder.engine != engine:
            raise ConfigError(
                f"`engine` is {engine!r}, but {embedder.encoder.engine!r} runs this model already: "
                "load its archive once more for another"
            )
        return
    if embedder.device.type != "cpu":
        raise ConfigError(
            f"`engine` is {engine!r}, which runs on the CPU, but the model is on "
            f"{embedder.device}: load it with `device` cpu, or leave `engine` out"
        )
    embedder.encoder = OnnxEncoder(embedder.encoder, engine)


class OnnxEncoder(nn.Module):
    """
    Run the layers of a `BertModel` with onnxruntime, in its place in an embedder.

    Embeddings and pooler stay torch's. The layers' weights are the runtime's own, and are no
    parameters any more: such a model predicts, and is neither trained nor saved.

    # Parameters

    encoder : `Any`
        The `BertModel`.
    engine : `str`
        `onnx`, or `onnx-int8` for weights in 8 bits.
    """

    def __init__(self, encoder: Any, engine: str) -> None:
        super().__init__()
        self.engine = engine
        self.config = encoder.config
        self.embeddings = encoder.embeddings
        self.pooler = encoder.pooler
        self._session = session_of(_layers_graph(encoder, quantised=engine == ONNX_INT8))

    def forward(
        self,
        input_ids: Tensor,
        attention_mask: Tensor,
        token_type_ids: Tensor | None = None,
        position_ids: Tensor | None = None,
    ) -> BaseModelOutput:
        """
        Return the vectors of some segments; see `SegmentEncoder`.

        # Parameters

        input_ids, token_type_ids, position_ids : `Tensor`
            Shape: (num_segments, longest)
        attention_mask : `Tensor`
            What is added to the scores of attention, see `added_mask`; empty for nothing.
        """
        # Shape: (num_segments, longest, dim)
        hidden = self.embeddings(
            input_ids=input_ids, token_type_ids=token_type_ids, position_ids=position_ids
        )
        if attention_mask.numel() == 0:
            attention_mask = torch.zeros(1, 1, 1, 1)
        given = {"hidden": hidden, "mask": attention_mask}
        (vectors,) = self._session.run(
            None, {name: one.detach().float().numpy() for name, one in given.items()}
        )
        return BaseModelOutput(last_hidden_state=torch.from_numpy(vectors))


def session_of(content: bytes) -> Any:
    """Return a session of onnxruntime with as many threads as torch has."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = torch.get_num_threads()
    options.inter_op_num_threads = 1
    # Between two runs the processors are torch's.
    options.add_session_config_entry("session.force_spinning_stop", "1")
    return onnxruntime.InferenceSession(content, options, providers=["CPUExecutionProvider"])


def _layers_graph(encoder: Any, *, quantised: bool) -> bytes:
    """Return a graph of an encoder's layers, without embeddings and pooler."""
    graph = GraphWriter(quantised=quantised)
    size = int(encoder.config.hidden_size)
    shape = ("segments", "pieces", size)
    hidden = graph.input("hidden", np.float32, shape)
    mask = graph.input("mask", np.float32, ("masks", 1, "queries", "keys"))
    graph.output("vectors", EncoderWriter(graph, encoder).layers(hidden, mask), shape)
    return graph.to_bytes()
