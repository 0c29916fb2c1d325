"""Small tensors: threads would only wait for each other, several times as long as the work takes."""

from __future__ import annotations

import contextlib
import warnings

# torch warns, once in a process, that there is no numpy: nothing here needs one.
with contextlib.suppress(ImportError), warnings.catch_warnings(action="ignore"):
    import torch

    torch.set_num_threads(1)
