"""Let FlashInfer be imported on a machine without a GPU, by answering its queries of the device.

Releases since 0.6.8 query the number of multiprocessors when they are imported, which fails without a GPU.
"""

from __future__ import annotations

import types
from typing import Any

# Those of a B200, because without a GPU kernels are compiled for it.
MULTIPROCESSORS = 148
CAPABILITY = (10, 0)


def stand_in(torch: Any, capability: tuple[int, int] = CAPABILITY) -> bool:
    """Replace torch's device queries if torch finds no GPU, until the process ends; return whether it was needed.

    `capability` is that of the device that FlashInfer is told of.
    """
    if torch.cuda.is_available():
        return False
    major, minor = capability
    properties = types.SimpleNamespace(
        multi_processor_count=MULTIPROCESSORS, major=major, minor=minor, name="none", total_memory=1 << 37
    )
    torch.cuda.get_device_properties = lambda *_: properties
    torch.cuda.get_device_capability = lambda *_: capability
    return True
