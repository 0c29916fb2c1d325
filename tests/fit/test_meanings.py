"""Changes of meaning: each rule finds its example, and passes over code that follows the change or does another thing.

The real examples, in releases of vLLM, are in test_network.py.
"""

from __future__ import annotations

import json
from importlib.resources import files

import jsonschema
import pytest
from packaging.version import Version

from fi_bump.fit.meanings import found_meanings, meanings
from fi_bump.fit.model import ApiFinding
from fi_bump.fit.patterns import pattern
from fi_bump.smoke.registry import PROBES

PACKAGE = "flashinfer-python"
TOPS = frozenset(["flashinfer"])
CALL = "from flashinfer import cutlass_fused_moe\ncutlass_fused_moe(x, use_w4_group_scaling=True)\n"
INTERLEAVE = """\
def make(w):
    def interleave(w):
        s = w.shape
        w = w.reshape(s[0], s[1], s[2] // 4, 4)
        w = w.permute(0, 2, 1, 3)
        return w.reshape(s[0], s[2] // 4, s[1] * 4)

    return interleave(w)
"""
SCALE = """\
from flashinfer import fp4_quantize


def test(x, num_experts):
    scale = torch.ones((num_experts,), dtype=torch.float32)
    inverse = 448.0 / scale
    return fp4_quantize(x, inverse.to("cuda"))


def other(x, num_experts):
    scale = torch.ones((num_experts,), dtype=torch.float32)
    moved = scale.to("cuda")
    return fp4_quantize(x, global_scale=moved)
"""


def found(tree: dict[str, str]) -> list[ApiFinding]:
    """What all rules find."""
    return found_meanings(meanings(PACKAGE), sorted(tree), lambda path: tree[path].encode(), TOPS)


def places(findings: list[ApiFinding]) -> list[tuple[str, list[str]]]:
    """The rules and the places."""
    return [(each.detail, [str(use.place) for use in each.uses]) for each in findings]


def test_an_interleave_by_hand() -> None:
    assert places(found({"a.py": CALL, "b.py": f"# for flashinfer\n{INTERLEAVE}"})) == [
        ("hand-made-interleave", ["b.py:3:5"])
    ]


@pytest.mark.parametrize(
    "tree",
    [
        pytest.param({"b.py": f"# for flashinfer\n{INTERLEAVE}"}, id="nobody calls the GEMM with grouped scales"),
        pytest.param({"a.py": CALL, "b.py": INTERLEAVE}, id="a file that has nothing to do with the package"),
        pytest.param(
            {"a.py": f"{CALL}from flashinfer import interleave_moe_scales_for_sm90_mixed_gemm\n{INTERLEAVE}"},
            id="code that follows the change",
        ),
        pytest.param(
            {"a.py": CALL + INTERLEAVE.replace("permute(0, 2, 1, 3)", "permute(0, 1, 2, 3)")}, id="another permutation"
        ),
        pytest.param({"a.py": CALL + INTERLEAVE.replace("// 4", "// 8")}, id="another group"),
    ],
)
def test_no_interleave_by_hand(tree: dict[str, str]) -> None:
    assert found(tree) == []


def test_tests_do_not_speak_for_the_package() -> None:
    follows = f"{CALL}from flashinfer import interleave_moe_weights_for_sm90_mixed_gemm\n"
    stale = f"{CALL}{INTERLEAVE}"
    assert places(found({"engine/a.py": follows, "tests/test_a.py": stale})) == [
        ("hand-made-interleave", ["tests/test_a.py:4:5"])
    ]
    assert [each.in_tests for each in found({"engine/a.py": stale, "tests/test_a.py": follows})] == [False]


def test_a_scale_for_each_expert() -> None:
    assert places(found({"tests/t.py": SCALE})) == [("scale-per-expert", ["tests/t.py:13:12"])]


@pytest.mark.parametrize(
    "line",
    [
        "    return fp4_quantize(x, scale[0])\n",
        "    return fp4_quantize(x, scale.max())\n",
        "    return scaled_fp4_grouped_quantize(x, scale)\n",
        "    scale = torch.ones((1,))\n    return fp4_quantize(x, other)\n",
    ],
)
def test_no_scale_for_each_expert(line: str) -> None:
    head = "from flashinfer import fp4_quantize\ndef f(x, num_experts):\n    scale = torch.ones((num_experts,))\n"
    assert found({"a.py": head + line}) == []


@pytest.mark.parametrize(
    ("pinned", "proposed", "concerns"),
    [
        ("0.6.8.post1", "0.6.11.post2", True),
        ("0.6.10", "0.6.11rc1", False),
        ("0.6.11", "0.6.12", False),
        ("0.6.8", "0.6.10", False),
        ("0.7.0", "0.6.8", False),
    ],
)
def test_which_moves_a_rule_concerns(pinned: str, proposed: str, concerns: bool) -> None:
    assert Version(pinned)
    assert {each.concerns(pinned, proposed) for each in meanings(PACKAGE)} == {concerns}


def test_the_data_fits_its_schema_and_names_probes() -> None:
    folder = files("fi_bump")
    document = json.loads(folder.joinpath("data", "meanings.json").read_bytes())
    schema = json.loads(folder.joinpath("schemas", "meanings.schema.json").read_bytes())
    jsonschema.validate(document, schema, jsonschema.Draft202012Validator)
    for entry in document:
        assert entry["probe"] in PROBES
        texts = [text for one in entry.get("contains", []) for text in one] + entry.get("argument", {}).get("bound", [])
        assert all(pattern(text) for text in texts)
