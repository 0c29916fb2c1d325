"""C++ sources as far as they are read: exports, parameters, bodies and checks."""

from __future__ import annotations

import re

import pytest

from fi_bump.fit.wheel.native import NativeSource, plain

MACROS = re.compile(r"\b(?:KIT_CHECK(?:_[A-Z]{2})?|CHECK_DIM)\s*\(")
EXPORT = ("KIT_EXPORT",)
SOURCE = NativeSource(
    """
// void commented(int a);
/* KIT_EXPORT(commented, commented); */
namespace kit {
void helper(Tensor const& input);

template <typename T, int N = 3>
void quantize(Tensor self, Optional<Tensor> const& globalScale, std::map<int, int> table = {}, int64_t n) {
  KIT_CHECK_EQ(n % 16, 0) << "n must be a multiple of 16, got " << n;
  if (n > 1) { helper(self); }
  log("KIT_CHECK(not a check)");
  KIT_CHECK(globalScale.numel() == 1)
      << "globalScale should have "
         "shape [1]";
}

void helper(Tensor const& input) noexcept {
  CHECK_DIM(2, input);
  input->quantize(1);
}

int overloaded(int a);
int overloaded(int a, int b);
int nothing(void);

class Runner {
  Optional<Function> GetFunction(String const& name) {
    if (name == "run") {
      return Function([this](Tensor x) { runIt(x); });
    } else if (name == "count") {
      return Function([this]() { return 1; });
    }
  }
  void runIt(Tensor x) { KIT_CHECK(x.ok()); }
};
}
KIT_EXPORT(quantize_now, kit::quantize);
KIT_EXPORT( other,
            kit::helper );
"""
)


def test_exports() -> None:
    assert SOURCE.exports(EXPORT) == {
        "quantize_now": frozenset(["quantize"]),
        "other": frozenset(["helper"]),
        "run": frozenset(["runIt"]),
        "count": frozenset(),
    }


@pytest.mark.parametrize(
    ("function", "parameters"),
    [
        ("quantize", ["self", "globalScale", "table", "n"]),
        ("helper", ["input"]),
        ("nothing", []),
        ("overloaded", None),
        ("commented", None),
        ("missing", None),
    ],
)
def test_parameters(function: str, parameters: list[str] | None) -> None:
    assert SOURCE.parameters(function) == parameters


def test_checks_have_their_messages_and_the_names_of_their_conditions() -> None:
    found = SOURCE.checks("quantize", MACROS)
    assert [each.message for each in found] == ["n must be a multiple of 16, got", "globalScale should have shape [1]"]
    assert plain("global_scale") in found[1].names
    assert plain("shape") not in found[1].names
    assert [(each.statement, each.message) for each in SOURCE.checks("helper", MACROS)] == [
        ("CHECK_DIM(2, input)", None)
    ]


def test_a_body_ends_with_its_brace_and_a_declaration_has_none() -> None:
    body = SOURCE.body("helper")
    assert body is not None
    assert (body[0], body[-1], body.count("\n")) == ("{", "}", 3)
    assert SOURCE.body("overloaded") is None
    assert "helper" in SOURCE.calls("quantize")
