"""A machine without a GPU: what FlashInfer's modules ask of a device while they are imported is answered for them.

The releases since 0.6.8 count the device's multiprocessors at import, so without an answer they do not import at all.
"""

from __future__ import annotations

import types
from typing import Any

# A B200's, for which the kernels are compiled that are compiled without a GPU.
MULTIPROCESSORS = 148
CAPABILITY = (10, 0)


def stand_in(torch: Any) -> bool:
    """Answer for a device where torch finds none; whether that was needed. It lasts as long as the process."""
    if torch.cuda.is_available():
        return False
    major, minor = CAPABILITY
    properties = types.SimpleNamespace(
        multi_processor_count=MULTIPROCESSORS, major=major, minor=minor, name="none", total_memory=1 << 37
    )
    torch.cuda.get_device_properties = lambda *_: properties
    torch.cuda.get_device_capability = lambda *_: CAPABILITY
    return True
