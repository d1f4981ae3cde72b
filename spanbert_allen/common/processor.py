"""What the processor is."""

from __future__ import annotations

import functools
from pathlib import Path

_DESCRIPTION = Path("/proc/cpuinfo")


@functools.cache
def processor_words() -> frozenset[str]:
    """
    Return the words of Linux's description of the processor, none on other systems.

    They are its maker, such as `AuthenticAMD`, and what instructions it has, such as `avx512_bf16`.
    """
    try:
        return frozenset(_DESCRIPTION.read_text(encoding="utf-8", errors="replace").split())
    except OSError:
        return frozenset()
