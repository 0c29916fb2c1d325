"""What a release introduced, beside code to which it gives another meaning."""

from __future__ import annotations

from fi_bump.findings.rules import Rule
from fi_bump.fit.introduced import with_introduced
from fi_bump.fit.model import ApiFinding, Defined
from fi_bump.fit.packages import NativeApi
from fi_bump.fit.release import ReleaseSide
from fi_bump.fit.wheel.library import Library
from fi_bump.fit.wheel.preconditions import Preconditions
from tests.fit.folder import Folder

NATIVE = NativeApi(("kit/csrc/",), frozenset(), "binding", ("EXPORT",), ("CHECK",))
LIBRARY = Library(
    Folder(
        {
            "kit/__init__.py": "from .core import make_scales, make_weights\n",
            "kit/core.py": """\
def built():
    return load(["weights.cu"])


def make_weights(weight, kind="fp4"):
    if weight.dim() != 3:
        raise ValueError(f"weight must be 3D, not {weight.dim()}")
    return built().weights(weight, kind)


def make_scales(scale):
    return scale
""",
            "kit/csrc/weights.cu": (
                'void weights(int weight) {\n  CHECK(weight > 0) << "weight must be there";\n  CHECK(weight < 9);\n}\n'
                "EXPORT(weights, weights);\n"
            ),
        }
    )
)
SIDE = ReleaseSide("kit", "2.0", LIBRARY)
FOUND = ApiFinding(Rule.API_MEANING, "pack", "by-hand", "pack() does it by hand", (), reasons=("it is another layout",))


def explained(*names: str) -> ApiFinding:
    """The finding with what these names are in the release."""
    return with_introduced(FOUND, names, SIDE, Preconditions(LIBRARY, NATIVE))


def test_the_functions_and_what_they_check() -> None:
    found = explained("kit.make_weights", "kit.make_scales")
    assert found == FOUND._replace(
        new=Defined("kit 2.0", "kit/core.py", 5, "make_weights(weight, kind='fp4')"),
        instead="kit.make_weights, kit.make_scales",
        reasons=("it is another layout", "make_weights() checks: weight must be 3D, not …; weight must be there"),
    )


def test_names_that_the_release_does_not_have() -> None:
    assert explained("kit.gone", "kit.core") == FOUND
    assert explained() == FOUND
    assert explained("kit.gone", "kit.make_scales").instead == "kit.make_scales"
