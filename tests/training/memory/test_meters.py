"""The peak of a GPU's memory and the advice when it runs out, with an allocator made up."""

from __future__ import annotations

import torch

from spanbert_allen.training.memory import budget, meters, out_of_memory
from spanbert_allen.training.memory.available import HeldMemory, held_memory
from spanbert_allen.training.memory.live_tensors import LiveTensors
from spanbert_allen.training.memory.meters import AllocatorPeak, CudaAllocator, peak_meter
from spanbert_allen.training.memory.out_of_memory import out_of_memory_advice
from tests.training.memory.test_budget import DIM, FLOAT, Toy, make_loader, make_trainer

GPU = torch.device("cuda:0")
CPU = torch.device("cpu")


class CountingAllocator:
    """Counts live tensors and, as torch's allocator does, what was there before."""

    before = 1_000_000

    def __init__(self, device):
        self.tensors = LiveTensors()

    def start(self):
        self.tensors.__enter__()
        return self.before

    def peak(self):
        return self.before + self.tensors.peak


def test_the_peak_counts_from_the_beginning_and_is_seen_between_looks():
    peaks = iter([150, 150, 400, 400])
    seen = []

    class Allocator:
        def start(self):
            return 100

        def peak(self):
            return next(peaks)

    meter = AllocatorPeak(Allocator(), lambda: seen.append(meter.peak))
    with meter:
        for _ in range(3):
            meter.look()
    assert meter.peak == 300
    assert seen == [50, 300]


def test_the_budget_of_a_gpu_is_the_allocators_peak(tmp_path, monkeypatch):
    on_cpu = make_trainer(tmp_path / "cpu", Toy(), make_loader()).memory_budget()
    made = []

    def meter_of_a_gpu(device, at_peak):
        allocator = CountingAllocator(device)
        made.append(allocator)
        return AllocatorPeak(allocator, at_peak)

    monkeypatch.setattr(budget, "peak_meter", meter_of_a_gpu)
    trainer = make_trainer(tmp_path / "gpu", Toy(), make_loader())
    try:
        on_gpu = trainer.memory_budget()
    finally:
        made[0].tensors.__exit__(None, None, None)
    one_gradient = DIM * DIM * FLOAT
    assert on_gpu.gradients == on_cpu.gradients == one_gradient
    # The allocator is asked when a gradient is made, so it may count that one to the activations.
    assert 0 <= on_gpu.activations - on_cpu.activations <= one_gradient


def test_each_device_has_its_meter():
    assert isinstance(peak_meter(CPU, lambda: None), meters.CountedTensors)
    meter = peak_meter(GPU, lambda: None)
    assert isinstance(meter, AllocatorPeak)


def test_the_allocator_of_cuda_is_asked_and_not_the_process(monkeypatch):
    asked = []
    answers = {"memory_allocated": 30, "max_memory_allocated": 70, "memory_reserved": 45}
    for name, answer in {**answers, "reset_peak_memory_stats": None}.items():
        monkeypatch.setattr(
            torch.cuda, name, lambda device, n=name, a=answer: asked.append((n, device)) or a
        )
    monkeypatch.setattr(torch.cuda, "mem_get_info", lambda device: (5, 100))
    allocator = CudaAllocator(GPU)
    assert (allocator.start(), allocator.peak()) == (30, 70)
    assert asked[0] == ("reset_peak_memory_stats", GPU)
    assert held_memory(GPU) == HeldMemory(most_used=70, unused=15, total=100)
    assert held_memory(CPU) is None


def advice(monkeypatch, **held):
    memory = HeldMemory(**{"most_used": 70_000_000_000, "total": 80_000_000_000, **held})
    monkeypatch.setattr(out_of_memory, "held_memory", lambda device: memory)
    return out_of_memory_advice(["lower `x`"], device=GPU, is_training=True, updates_done=3)


def test_advice_on_a_gpu_tells_what_tensors_took(monkeypatch):
    assert advice(monkeypatch, unused=1_000_000_000) == (
        "the memory of the device cuda:0 ran out in training after 3 updates (tensors took 70.0 of "
        "its 80.0 GB at most): lower `x`; with other settings a run begins anew in another folder"
    )


def test_advice_on_a_gpu_whose_memory_is_in_pieces(monkeypatch):
    said = advice(monkeypatch, unused=9_000_000_000)
    assert "PYTORCH_CUDA_ALLOC_CONF to 'expandable_segments:True', as 9.0 GB are held" in said
    assert len(said) < 500
