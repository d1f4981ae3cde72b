"""What the device can do at most: the rates that all other numbers are to be seen beside."""

from __future__ import annotations

import platform

import torch

from gpu_parts.bench import GB, Bench, Row


def run(bench: Bench) -> None:
    name = torch.cuda.get_device_name() if bench.is_cuda else platform.processor() or "CPU"
    versions = f"torch {torch.__version__}, CUDA {torch.version.cuda}, Python"
    bench.add(Row(case=name, unit="device", note=f"{versions} {platform.python_version()}"))
    width = bench.sizes.matrix
    for precision, dtype in (("fp32", torch.float32), ("bf16", torch.bfloat16)):
        left, right = (torch.randn(width, width, device=bench.device, dtype=dtype) for _ in "ab")
        bench.timed(
            f"product of {width} x {width}",
            lambda left=left, right=right: lambda: left @ right,
            precision=precision,
            amount=2 * width**3 / 1e12,
            unit="TFLOP/s",
        )
    source = torch.randn(width * width * 4, device=bench.device)
    target = torch.empty_like(source)
    bench.timed(
        "copy, bytes read and written",
        lambda: lambda: target.copy_(source),
        amount=2 * source.nbytes / GB,
        unit="GB/s",
    )
