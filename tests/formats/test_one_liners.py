"""Comparisons in commands that a bump must not miss: `startswith`, `!=`, and versions in order in a call."""

from __future__ import annotations

import pytest

from fi_bump.formats.shell import find
from fi_bump.pins import Found, Source
from tests.formats import scaling
from tests.formats.results import WANTED


def found(text: str) -> Found:
    return find(Source("a.sh", text.encode()), WANTED)


REPORTED = [
    "python -c \"import flashinfer; assert flashinfer.__version__.startswith('«0.6.1»')\"",
    "python -c \"import flashinfer; got = flashinfer.__version__; assert got.startswith('«0.6.1»')\"",
    "python -c \"import flashinfer as f; shown = f.__version__; x = flashinfer.__version__; assert x.startswith('«0.6.1»')\"",
    "python -c \"import flashinfer; assert flashinfer.__version__ != '«0.6.1»'\"",
    '[ "$(python -c \'import flashinfer; print(flashinfer.__version__)\')" != "«0.6.1»" ] && exit 1',
    "python -c \"from checks import check_flashinfer; check_flashinfer('«0.6.1»', '4.5.0')\"",
    "python -c \"from checks import check; check('flashinfer-cubin', '«0.6.1»', '4.5.0')\"",
    "python -c \"import flashinfer; assert flashinfer.__version__ in ('«0.6.1»', '0.6.2')\"",
    "./verify_flashinfer.sh «0.6.1» 4.5.0",
    "python3 check.py flashinfer-python «0.6.1» nvidia-cutlass-dsl 4.5.0",
    # The variable of a loop, whose value another variable has.
    "python -c \"p = ['flashinfer-python']; bad = [x for x in map(version, p) if x != '«0.6.1»']\"",
    "python -c \"vers = {p: v(p) for p in ['flashinfer-python', 'flashinfer-cubin']}; "
    "bad = {p: x for p, x in vers.items() if not x.startswith('«0.6.1»')}\"",
    "python -c \"import flashinfer; shown = flashinfer.__version__\nfor each in shown: assert each == '«0.6.1»'\"",
    "python -c \"assert all(x == '«0.6.1»' for _, x in [('flashinfer-cubin', version('flashinfer-cubin'))])\"",
    "python -c \"a = version('flashinfer-python'); b = a; assert b == '«0.6.1»'\"",
]


@pytest.mark.parametrize("text", REPORTED)
def test_reported(text: str) -> None:
    before, _, rest = text.partition("«")
    result = found(text.replace("«", "").replace("»", "") + "\n")
    assert result.pins == ()
    assert [(place.span.start, place.source.text(place.span)) for place in result.unpinned] == [
        (len(before.encode()), rest.partition("»")[0])
    ]


@pytest.mark.parametrize(
    "text",
    [
        "python -c \"import torch; assert torch.__version__.startswith('0.6.1')\"",
        "python -c \"from checks import check_torch; check_torch('0.6.1', '4.5.0')\"",
        "python -c \"import flashinfer; V = Version; assert V(flashinfer.__version__) >= V('0.6.1')\"",
        "python -c \"x = torch.__version__; import flashinfer; x = torch.__version__; assert x.startswith('0.6.1')\"",
        "python -c \"v = [torch.__version__]; import flashinfer; assert all(x == '0.6.1' for x in v)\"",
        "python -c \"a = b; b = a; import flashinfer; assert b == '0.6.1'\"",
        "./build-flashinfer.sh 12.8",
        "echo flashinfer 0.6.1 0.6.2",
    ],
)
def test_not_ours_or_no_exact_version(text: str) -> None:
    assert found(text + "\n") == Found(())


@pytest.mark.slow
@pytest.mark.parametrize(
    "piece", ["flashinfer('0.6.1', ", "./a flashinfer ", "x in ('0.6.1', ", "v = flashinfer; v.startswith('0.6.1');"]
)
def test_time_is_linear(piece: str) -> None:
    assert scaling.is_linear(lambda data: found(data.decode()), lambda count: (piece * count).encode(), 1000)
