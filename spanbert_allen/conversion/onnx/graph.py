"""
A graph of ONNX, written operation by operation.

Torch's own exporters run a model and record what it does: that takes minutes and packages of its
own, and fixes what only happened to be so in that run. BERT is a few operations, so they are
written out, and any number and length of sequences follows from them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

OPSET = 17
"""The version of ONNX's operators that graphs are written in; any later runtime reads it."""
_IR_VERSION = 8
"""The version of the file's own layout, which goes with that of the operators."""
_LARGEST_WEIGHT = 64
"""
What the largest weight of an output becomes in 8 bits: with 127, processors without instructions
for the purpose would cut sums of two products off, and results would depend on the processor.
"""


class GraphWriter:
    """
    Write a graph of ONNX from its inputs on: each method adds operations and names their result.

    # Parameters

    quantised : `bool`, optional (default = `False`)
        Whether the weights of linear layers are kept as 8-bit integers, with a scale for each
        output. Their inputs are then rounded to 8 bits as well, with a scale that is found anew in
        every run.
    """

    def __init__(self, *, quantised: bool = False) -> None:
        self._quantised = quantised
        self._nodes: list[Any] = []
        self._constants: dict[str, Any] = {}
        self._inputs: list[Any] = []
        self._outputs: list[Any] = []
        self._ends: dict[str, dict[str, list[str | int]]] = {"inputs": {}, "outputs": {}}
        self._rounded: dict[str, list[str]] = {}

    def input(self, name: str, dtype: Any, shape: Sequence[str | int]) -> str:
        """
        Declare an input.

        # Parameters

        name : `str`
            Its name, which is returned.
        dtype : `Any`
            NumPy's type of its numbers.
        shape : `Sequence[str | int]`
            The size of each dimension; a name for one that may differ from run to run.
        """
        self._inputs.append(_declared(name, dtype, shape))
        self._ends["inputs"][name] = list(shape)
        return name

    def output(
        self, name: str, value: str, shape: Sequence[str | int], dtype: Any = np.float32
    ) -> None:
        """Declare a result as an output of the graph; see `input`."""
        self._nodes.append(_node("Identity", [value], [name]))
        self._outputs.append(_declared(name, dtype, shape))
        self._ends["outputs"][name] = list(shape)

    def ends(self) -> dict[str, dict[str, list[str | int]]]:
        """Return the shapes of `inputs` and `outputs`, by their names."""
        return self._ends

    def constant(self, value: Any, dtype: Any = np.int64) -> str:
        """Return the name of a constant, one for all uses of equal small ones."""
        from onnx import numpy_helper

        # NumPy makes a vector of a single number here, and the two are not the same to operators.
        array = np.ascontiguousarray(value, dtype).reshape(np.shape(value))
        is_small = array.size <= 8
        name = f"{array.dtype}_{array.tolist()}" if is_small else f"weights_{len(self._constants)}"
        if name not in self._constants:
            self._constants[name] = numpy_helper.from_array(array, name)
        return name

    def add(self, operator: str, *inputs: str, **attributes: Any) -> str:
        """Add an operation with one result, and return the result's name."""
        return self.add_many(operator, *inputs, num_results=1, **attributes)[0]

    def add_many(
        self, operator: str, *inputs: str, num_results: int, **attributes: Any
    ) -> list[str]:
        """Add an operation, and return the names of its results."""
        names = [f"{operator}_{len(self._nodes)}_{number}" for number in range(num_results)]
        self._nodes.append(_node(operator, list(inputs), names, **attributes))
        return names

    def cast(self, value: str, dtype: Any) -> str:
        """Add what turns numbers into another type of NumPy's."""
        return self.add("Cast", value, to=_number_of(dtype))

    def linear(
        self, rows: str, weight: Tensor, bias: Tensor | None = None, *, is_head: bool = False
    ) -> str:
        """
        Add a linear layer.

        # Parameters

        rows : `str`
            What it is applied to. Shape: (..., num_inputs)
        weight : `Tensor`
            Shape: (num_outputs, num_inputs)
        bias : `Tensor`, optional (default = `None`)
            Shape: (num_outputs,)
        is_head : `bool`, optional (default = `False`)
            Whether it stands above the encoder: its weights are few, and are never rounded.

        # Returns

        `str`
            Shape: (..., num_outputs)
        """
        # Shape: (num_inputs, num_outputs)
        table = weight.detach().float().cpu().numpy().T
        product = (
            self._rounded_product(rows, table)
            if self._quantised and not is_head
            else self.add("MatMul", rows, self.constant(table, np.float32))
        )
        return product if bias is None else self.add("Add", product, self.weights(bias))

    def layer_norm(self, rows: str, weight: Tensor, bias: Tensor, *, epsilon: float) -> str:
        """Add a layer normalisation over the last dimension; `weight` and `bias` are (dim,)."""
        both = (self.weights(weight), self.weights(bias))
        return self.add("LayerNormalization", rows, *both, axis=-1, epsilon=epsilon)

    def weights(self, tensor: Tensor) -> str:
        """Return the name of a constant for weights, in float32."""
        return self.constant(tensor.detach().float().cpu().numpy(), np.float32)

    def _rounded_product(self, rows: str, table: NDArray[np.float32]) -> str:
        """
        Multiply in 8-bit integers.

        The weights of an output have a scale of their own: with one for all, a few large weights
        spoil the vectors.
        """
        if rows not in self._rounded:
            self._rounded[rows] = self.add_many("DynamicQuantizeLinear", rows, num_results=3)
        numbers, scale, zero = self._rounded[rows]
        # Shape of both: (num_outputs,)
        largest = np.abs(table).max(axis=0)
        scales = np.where(largest > 0, largest, 1).astype(np.float32) / _LARGEST_WEIGHT
        # Shape: (num_inputs, num_outputs)
        rounded = self.constant(np.rint(table / scales), np.int8)
        product = self.add("MatMulInteger", numbers, rounded, zero)
        both = self.add("Mul", scale, self.constant(scales, np.float32))
        return self.add("Mul", self.cast(product, np.float32), both)

    def to_bytes(self, notes: Mapping[str, str] | None = None) -> bytes:
        """
        Return the content of the file.

        # Parameters

        notes : `Mapping[str, str]`, optional (default = `None`)
            What the file says about itself, by key.
        """
        from onnx import helper

        graph = helper.make_graph(
            self._nodes, "spanbert_allen", self._inputs, self._outputs, [*self._constants.values()]
        )
        model = helper.make_model(
            graph,
            ir_version=_IR_VERSION,
            opset_imports=[helper.make_opsetid("", OPSET)],
            producer_name="spanbert_allen",
        )
        helper.set_model_props(model, dict(notes or {}))
        return bytes(model.SerializeToString())


def _node(operator: str, inputs: list[str], outputs: list[str], **attributes: Any) -> Any:
    from onnx import helper

    return helper.make_node(operator, inputs, outputs, **attributes)


def _declared(name: str, dtype: Any, shape: Sequence[str | int]) -> Any:
    from onnx import helper

    return helper.make_tensor_value_info(name, _number_of(dtype), list(shape))


def _number_of(dtype: Any) -> int:
    from onnx import helper

    return int(helper.np_dtype_to_tensor_dtype(np.dtype(dtype)))
