"""The request to a probe and its result, which are all that the runner and the probes share.

Both are JSON files, so that the output of a probe that crashes cannot be mistaken for a result. This module uses only
the standard library.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from typing import Any

OUTCOMES = ("pass", "fail", "compiled", "not-run")
# What the name of a library is followed by in that of the file which says that its build was finished.
COMPLETE = ".fi-bump-complete"
# The metrics with relative errors: over all, of the worst token, of the worst expert.
ERRORS = ("overall", "worst_token", "worst_expert")


@dataclass(frozen=True)
class ProbeRequest:
    """The request to one probe.

    `packages` maps each member of the group to its local label (`cu130`) or None. `cache` is a folder for compiled
    modules. `jit` is how much to compile: `auto`, `quick`, `path` or `full` (see `jit.SCOPES`). `compile_for` is the
    compute capability (`9.0`) of another machine's GPU, if the probe is only to compile for it. The probe's GPU is
    device 0, because the runner sets CUDA_VISIBLE_DEVICES. The result must repeat
    `nonce`.
    """

    probe: str
    group: str
    version: str
    packages: dict[str, str | None] = field(default_factory=dict)
    cache: str = ""
    jit: str = "auto"
    compile_for: str = ""
    nonce: str = ""

    def to_json(self) -> str:
        """Return the request as JSON."""
        return json.dumps(asdict(self), indent=2, sort_keys=True)

    @classmethod
    def from_json(cls, text: str) -> ProbeRequest:
        """Parse the JSON of `to_json`."""
        return cls(**json.loads(text))


@dataclass(frozen=True)
class ProbeResult:
    """The result of a probe: an outcome of `OUTCOMES`, a reason unless it is `pass`, and metrics by name.

    Metrics are numbers, texts, lists or tables. Times are in seconds, or in microseconds if the name ends in `_us`.
    Errors are relative.
    """

    outcome: str
    reason: str | None = None
    metrics: dict[str, Any] = field(default_factory=dict)
    nonce: str = ""

    def __post_init__(self) -> None:
        if self.outcome not in OUTCOMES:
            raise ValueError(f"'{self.outcome}' is not an outcome")
        if self.outcome != "pass" and not self.reason:
            raise ValueError(f"'{self.outcome}' needs a reason")

    def to_json(self) -> str:
        """Return the result as JSON. Raises ValueError for NaN or infinity, which JSON does not have."""
        return json.dumps(asdict(self), indent=2, sort_keys=True, allow_nan=False)

    @classmethod
    def from_json(cls, text: str) -> ProbeResult:
        """Parse the JSON of `to_json`. Raises ValueError, KeyError or TypeError for anything else."""
        return cls(**json.loads(text))
