"""Use one thread in torch: with small tensors several threads would mostly wait for each other."""

from __future__ import annotations

import contextlib
import warnings

# torch warns once per process that numpy is missing; these tests do not need it.
with contextlib.suppress(ImportError), warnings.catch_warnings(action="ignore"):
    import torch

    torch.set_num_threads(1)
