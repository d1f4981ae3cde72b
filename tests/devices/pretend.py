"""
A device that is none: tensors that say they are on it, with their numbers in the CPU's memory.

What a GPU refuses or waits for is seen here without one: operations that mix devices, and reads
that make the CPU wait until the device has done all that it was given.
"""

from __future__ import annotations

import functools
import os
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import torch
from torch.utils import backend_registration
from torch.utils._python_dispatch import TorchDispatchMode, return_and_correct_aliasing

from tests.places import ROOT

NAME = "pretend"
NAME_OF_KEY = "PrivateUse1"
CPU = torch.device("cpu")
_aten = torch.ops.aten

_ALWAYS_READ = {
    _aten._local_scalar_dense.default: "item",
    _aten.equal.default: "equal",
    _aten.nonzero.default: "nonzero",
    _aten.masked_select.default: "masked_select",
    _aten._unique2.default: "unique",
    _aten.unique_dim.default: "unique",
    _aten.unique_consecutive.default: "unique_consecutive",
    _aten.bincount.default: "bincount",
}
"""Operations whose result, or its shape, the CPU has to know."""
_COPIES = (_aten.copy_.default, _aten._to_copy.default)
_INDEXING = (
    _aten.index.Tensor,
    _aten.index_put.default,
    _aten.index_put_.default,
    _aten._index_put_impl_.default,
)
_COPYING = "/modules/layers/transfers.py"
"""What calls it is of interest."""
_NO_SCALARS = (_aten.cat.default, _aten.stack.default)
"""Operations that refuse even a number of the CPU, a tensor without dimensions."""


class MixedDevices(RuntimeError):
    """An operation on tensors of two devices, as a GPU refuses it."""


class Transfer(NamedTuple):
    """
    What makes the CPU and the device wait for each other.

    operation : `str`
        As `item`, `nonzero` or `to the CPU`.
    place : `str`
        The line of this package that it comes from, as `models/coref.py:12`.
    """

    operation: str
    place: str


@dataclass
class Pretence:
    """
    What happened on the device.

    # Parameters

    device : `torch.device`
        The device itself.
    reads : `list[Transfer]`
        Each time that the CPU asked for numbers of the device.
    uploads : `list[Transfer]`
        Each time that numbers of the CPU went to the device.
    """

    device: torch.device
    reads: list[Transfer] = field(default_factory=list)
    uploads: list[Transfer] = field(default_factory=list)

    def forget(self) -> None:
        """Begin to count anew."""
        self.reads.clear()
        self.uploads.clear()

    def summary(self) -> str:
        """Return the reads by place, the most frequent first."""
        counts = Counter(self.reads).most_common()
        return "\n".join(f"{count} x {one.operation} at {one.place}" for one, count in counts)


class PretendTensor(torch.Tensor):
    """A tensor that says it is on the device; `held` has its numbers."""

    held: torch.Tensor
    __torch_function__ = torch._C._disabled_torch_function_impl

    @staticmethod
    def __new__(cls, held: torch.Tensor) -> PretendTensor:
        tensor = torch.Tensor._make_wrapper_subclass(
            cls,
            held.size(),
            strides=held.stride(),
            storage_offset=held.storage_offset(),
            dtype=held.dtype,
            device=torch.device(NAME, 0),
        )
        tensor.held = held
        return tensor

    @classmethod
    def __torch_dispatch__(cls, func, types, args=(), kwargs=None):
        return _run(func, args, kwargs or {})

    def __repr__(self, *, tensor_contents: object = None) -> str:
        return f"PretendTensor({self.held})"

    def __reduce_ex__(self, protocol: Any) -> Any:
        """Go into a file as a tensor of the CPU, as `load_tensors` reads those of a GPU."""
        _note_read("save")
        return self.held.__reduce_ex__(protocol)

    def tolist(self) -> Any:
        """Read all numbers, as torch's method of a tensor of another device does."""
        return self.cpu().tolist()

    def numpy(self, *args: Any, **kwargs: Any) -> Any:
        raise TypeError("a tensor of another device has no NumPy array: use .cpu() first")

    __array__ = numpy


_lent: list[Pretence] = []


@contextmanager
def pretend_device() -> Iterator[Pretence]:
    """
    Lend a device that is none, and tell what happens on it.

    Tensors get there by `.to(device)` and by `device=device`. An operation of tensors of one
    dimension or more on both devices raises `MixedDevices`, but for copies and indexing; `.numpy()`
    raises as well. Backward passes run on this thread, so that their places are known.
    """
    _register()
    pretence = Pretence(torch.device(NAME, 0))
    _lent.append(pretence)
    try:
        with torch.autograd.set_multithreading_enabled(False), _Everywhere():
            yield pretence
    finally:
        _lent.pop()


class _Everywhere(TorchDispatchMode):
    """Catch also what makes tensors of nothing, as `torch.zeros(3, device=device)` does."""

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        return _run(func, args, kwargs or {})


class _Backend(backend_registration._DummyBackendModule):
    """Outside of `pretend_device` there is no such device for torch: nothing may look for it."""

    def is_available(self) -> bool:
        return bool(_lent)

    def get_amp_supported_dtype(self) -> list[torch.dtype]:
        return [torch.float16, torch.bfloat16]

    def get_rng_state(self, device: Any = None) -> torch.Tensor:
        return torch.get_rng_state()

    def set_rng_state(self, state: torch.Tensor, device: Any = None) -> None:
        torch.set_rng_state(state)


class _Hook(torch._C._acc.PrivateUse1Hooks):
    def is_available(self) -> bool:
        return bool(_lent)

    def has_primary_context(self, device_id: int) -> bool:
        return bool(_lent)

    def is_built(self) -> bool:
        return True


_libraries: list[Any] = []


@functools.cache
def _register() -> None:
    # Autograd's threads, one a device, are made at the first backward pass: now, without this one.
    torch.ones((), requires_grad=True).backward()
    backend_registration._setup_privateuseone_for_python_backend(
        NAME, backend_module=_Backend(), hook=_Hook()
    )
    library = torch.library.Library("_", "IMPL", f"Autocast{NAME_OF_KEY}")
    library.fallback(torch.library.fallthrough_kernel)  # autocast changes nothing there
    # `torch.tensor` makes its tensor below all modes.
    kernels = torch.library.Library("aten", "IMPL")
    kernels.impl("empty_strided", _empty_strided, NAME_OF_KEY)
    kernels.impl("_copy_from", _copy_from, NAME_OF_KEY)
    _libraries.extend([library, kernels])


def _empty_strided(size: Any, stride: Any, *, dtype: torch.dtype | None = None, **rest: Any) -> Any:
    return PretendTensor(torch.empty_strided(size, stride, dtype=dtype))


def _copy_from(source: Any, target: Any, non_blocking: bool = False) -> Any:
    target.held.copy_(source)
    _note_upload("to the device")
    return target


def _run(func: Any, args: Any, kwargs: Any) -> Any:
    tensors: list[torch.Tensor] = []
    held = [_held(one, tensors) for one in args]
    held_options = {name: _held(one, tensors) for name, one in kwargs.items()}
    mine = [one for one in tensors if isinstance(one, PretendTensor)]
    if mine and len(mine) < len(tensors):
        _check_mixing(func, args, tensors)
    asked = kwargs.get("device")
    result = func(*held, **held_options)
    is_there = bool(mine) if asked is None else torch.device(asked).type == NAME
    if func is _aten.copy_.default:
        is_there = isinstance(args[0], PretendTensor)
    if mine:
        _note_transfer(func, args, kwargs, is_there=is_there)
    elif is_there and func in _COPIES:
        _note_upload("to the device")
    if not is_there:
        return args[0] if func is _aten.copy_.default else result
    return return_and_correct_aliasing(func, args, kwargs, _wrapped(result))


def _wrapped(result: Any) -> Any:
    if type(result) is torch.Tensor:
        return PretendTensor(result)
    if isinstance(result, (list, tuple)):
        return type(result)([_wrapped(one) for one in result])
    return result


def _held(value: Any, tensors: list[torch.Tensor]) -> Any:
    """Return an argument as the CPU takes it, and add its tensors to a list."""
    if isinstance(value, torch.Tensor):
        tensors.append(value)
        return value.held if isinstance(value, PretendTensor) else value
    if isinstance(value, (list, tuple)):
        return [_held(one, tensors) for one in value]
    if isinstance(value, torch.device) and value.type == NAME:
        return CPU
    return value


def _check_mixing(func: Any, args: Any, tensors: list[torch.Tensor]) -> None:
    if func in _COPIES:
        return
    if func in _INDEXING:  # indices of the CPU are taken to the device
        indices = {id(one) for one in args[1] if one is not None}
        strangers = [one for one in tensors if id(one) not in indices]
        if len(strangers) < len(tensors):
            for one in args[1]:
                if one is not None and not isinstance(one, PretendTensor):
                    _note_upload("indices of the CPU")
        tensors = strangers
    least = 0 if func in _NO_SCALARS else 1
    for one in tensors:
        if not isinstance(one, PretendTensor) and one.dim() >= least:
            if all(not isinstance(other, PretendTensor) for other in tensors):
                continue
            raise MixedDevices(
                f"{func} at {_place()} mixes a tensor of the CPU of shape {tuple(one.shape)} with "
                "tensors of another device"
            )


def _note_transfer(func: Any, args: Any, kwargs: Any, *, is_there: bool) -> None:
    """Count what the operation makes wait; at least one of its tensors is on the device."""
    if func in _ALWAYS_READ:
        _note_read(_ALWAYS_READ[func])
    elif func in _COPIES:
        source = args[1] if func is _aten.copy_.default else args[0]
        if not is_there:
            _note_read("to the CPU")
        elif not isinstance(source, PretendTensor):
            _note_upload("to the device")
    elif func is _aten.repeat_interleave.Tensor and kwargs.get("output_size") is None:
        _note_read("repeat_interleave")
    # One value at a mask is `masked_fill`, which needs no count of the places.
    elif func in _INDEXING and (func is _aten.index.Tensor or args[2].numel() != 1):
        masks = [one for one in args[1] if isinstance(one, PretendTensor)]
        if any(one.dtype in (torch.bool, torch.uint8) for one in masks):
            _note_read("boolean index")


def _note_read(operation: str) -> None:
    if _lent:
        _lent[-1].reads.append(Transfer(operation, _place()))


def _note_upload(operation: str) -> None:
    if _lent:
        _lent[-1].uploads.append(Transfer(operation, _place()))


def _place() -> str:
    """Return the innermost line of this package on the stack, or of AllenNLP, or of the test."""
    packages = (f"{ROOT}/spanbert_allen/", f"{ROOT}/predictors/", f"{os.sep}allennlp{os.sep}")
    frame: Any = sys._getframe()
    test = "elsewhere"
    while frame is not None:
        file = "" if frame.f_code.co_filename.endswith(_COPYING) else frame.f_code.co_filename
        for package in packages:
            if package in file:
                return f"{file.split(package)[1]}:{frame.f_lineno}"
        if file.startswith(f"{ROOT}/tests/") and file != __file__ and test == "elsewhere":
            test = f"{file.removeprefix(f'{ROOT}/')}:{frame.f_lineno}"
        frame = frame.f_back
    return test
