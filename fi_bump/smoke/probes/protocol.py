"""What goes into a probe and what comes out of it: the only thing that runner and probe share. Standard library only.

Both travel as JSON files, so that a probe that crashes or prints garbage cannot be taken for one that answered.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from typing import Any

OUTCOMES = ("pass", "fail", "compiled", "not-run")
# What probes call their relative errors: over all, of the worst token, of the worst expert.
ERRORS = ("overall", "worst_token", "worst_expert")


@dataclass(frozen=True)
class ProbeRequest:
    """What one probe is asked.

    `packages` maps each member of the group to its local label (`cu130`) or None; `cache` is a folder for compiled
    modules; `jit` is `auto`, `path` (compile only what the probe reaches) or `full`. The device, where there is one, is
    the process's device 0: the runner sets CUDA_VISIBLE_DEVICES.
    """

    probe: str
    group: str
    version: str
    packages: dict[str, str | None] = field(default_factory=dict)
    cache: str = ""
    jit: str = "auto"

    def to_json(self) -> str:
        """The request as it is written for the probe."""
        return json.dumps(asdict(self), indent=2, sort_keys=True)

    @classmethod
    def from_json(cls, text: str) -> ProbeRequest:
        """The request of `to_json`."""
        return cls(**json.loads(text))


@dataclass(frozen=True)
class ProbeResult:
    """What a probe says: an outcome of `OUTCOMES`, the reason for all but `pass`, and numbers, texts or lists by name.

    Times are in seconds where the metric's name says nothing else (`_us` is microseconds); errors are relative.
    """

    outcome: str
    reason: str | None = None
    metrics: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.outcome not in OUTCOMES:
            raise ValueError(f"'{self.outcome}' is no outcome")
        if self.outcome != "pass" and not self.reason:
            raise ValueError(f"'{self.outcome}' needs a reason")

    def to_json(self) -> str:
        """The result as the probe writes it. Raises ValueError for NaN or infinity, which JSON does not have."""
        return json.dumps(asdict(self), indent=2, sort_keys=True, allow_nan=False)

    @classmethod
    def from_json(cls, text: str) -> ProbeResult:
        """The result of `to_json`. Raises ValueError, KeyError or TypeError for anything else."""
        return cls(**json.loads(text))
