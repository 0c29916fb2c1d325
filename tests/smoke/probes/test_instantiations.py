"""Tests of reading explicit instantiations from C++, leaving them out, and comparing their tiles and schedules."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fi_bump.smoke.probes.instantiations import Instantiation, fits, instantiations, keep, named_tiles, smallest


def launcher(tile: tuple[int, int, int], cluster: tuple[int, int, int] = (1, 1, 1), schedule: str = "Pingpong") -> str:
    """Return an explicit instantiation as FlashInfer's generator writes it."""
    tile_text, cluster_text = (
        f"cute::Shape<cute::Int<{a}>, cute::Int<{b}>, cute::Int<{c}>>" for a, b, c in (tile, cluster)
    )
    return (
        f"template void moe_Launcher<__nv_bfloat16, SafeFP4, __nv_bfloat16,\nEpilogue, {tile_text}, {cluster_text}, "
        f"cutlass::gemm::Kernel{schedule}> (\nGroupedGemmInput<__nv_bfloat16, SafeFP4>inputs, int sms, size_t* size);"
    )


TEXT = (
    '#include "launcher.inl"\nnamespace a {\n'
    f"{launcher((128, 16, 256))}\n\n{launcher((64, 16, 128), (2, 1, 1))}\n"
    "// template class Runner<half, half>;\n"
    "template class Runner<float, Pair<float, int>, (1 + 2)>;\n"
    "template <class T> void declared(T value);\n}\n"
)


def test_what_is_an_instantiation() -> None:
    found = instantiations(TEXT)
    assert [each.template for each in found] == ["moe_Launcher", "moe_Launcher", "Runner"]
    assert found[0].arguments == (
        "__nv_bfloat16",
        "SafeFP4",
        "__nv_bfloat16",
        "Epilogue",
        "cute::Shape<cute::Int<128>, cute::Int<16>, cute::Int<256>>",
        "cute::Shape<cute::Int<1>, cute::Int<1>, cute::Int<1>>",
        "cutlass::gemm::KernelPingpong",
    )
    assert found[0].shapes == ((128, 16, 256), (1, 1, 1))
    assert TEXT[found[1].start : found[1].end] == launcher((64, 16, 128), (2, 1, 1))


def test_what_is_kept() -> None:
    text, kept = keep(TEXT, lambda each: each.shapes[:1] == ((128, 16, 256),))
    assert kept == 1
    assert text.count("template") == 3, "the kept one, the comment, the declaration"
    assert keep(TEXT, lambda each: True) == (TEXT, 3)
    assert instantiations(keep(TEXT, lambda each: False)[0]) == []


@pytest.mark.parametrize(
    "text",
    ["", "template void open<a, b", "template class A<B<C>", "template void x<y>(z)"],
    ids=["nothing", "no end", "no closing bracket", "no semicolon"],
)
def test_text_that_breaks_off(text: str) -> None:
    assert instantiations(text) == []


names = st.from_regex(r"[a-z]\w{0,6}", fullmatch=True, alphabet=st.characters(codec="ascii"))
arguments = st.recursive(names, lambda inner: st.builds("{}<{}, {}>".format, names, inner, inner), max_leaves=6)


@pytest.mark.slow
@given(st.lists(st.tuples(names, st.lists(arguments, min_size=1, max_size=4)), max_size=5))
def test_arguments_come_back_as_they_were_written(written: list[tuple[str, list[str]]]) -> None:
    text = "".join(f"template class {name}<{', '.join(parts)}>;\n" for name, parts in written)
    assert [(each.template, list(each.arguments)) for each in instantiations(text)] == written


def tiles(found: list[Instantiation]) -> list[tuple[tuple[int, ...], str]]:
    """Return the tile and the schedule of each."""
    return [(each.shapes[0], re.sub(".*Kernel", "", each.arguments[-1])) for each in found]


def test_the_smallest_tile_of_every_schedule() -> None:
    made = [
        launcher((64, 16, 256)),
        launcher((64, 32, 128)),
        launcher((64, 16, 128), (2, 1, 1)),
        launcher((128, 16, 128), schedule="Cooperative"),
        launcher((128, 64, 128), schedule="Cooperative"),
    ]
    found = smallest(instantiations("\n".join(made)))
    assert tiles(found) == [((64, 32, 128), "Pingpong"), ((128, 16, 128), "Cooperative")]


HEADER = """
template <typename T, typename CTAShape>
void dispatch() { moe_Launcher<T, CTAShape, Cluster>(inputs, sms, size); }
size_t size_of_workspace() {
  moe_Launcher<T, Epilogue, Shape<_128, _64, _Ktile>, Shape<_1, _1, _1>, KernelCooperative>(
      inputs, sms, &count);
  another_Launcher<Shape<_1, _2, _3>>(inputs);
}
"""


def test_tiles_that_a_header_names() -> None:
    assert named_tiles(HEADER, "moe_Launcher") == [(128, 64, None)]
    assert named_tiles(HEADER, "another_Launcher") == [(1, 2, 3)]
    assert named_tiles(HEADER, "nothing") == []


def test_what_fits_a_named_tile() -> None:
    made = [(128, 64, 256), (128, 64, 512), (128, 32, 256)]
    found = instantiations("\n".join([*map(launcher, made), launcher((128, 64, 256), (2, 1, 1))]))
    assert [each.shapes[0] for each in found if fits(each, (128, 64, None))] == made[:2]
