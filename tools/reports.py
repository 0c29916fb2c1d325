"""Make the pages and the drawings of the reports of four releases on H200s from the raw reports of those runs.

docs/reports/raw has, for each release, the JSON reports of `fi-bump smoke` by the name of the run. Nothing is measured
here, so the pages can be made again when the format of reports changes.

    python tools/reports.py            write docs/reports/h200-*.md and docs/assets/h200-*.svg
    python tools/reports.py --check    fail if one of them is stale
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

TOP = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(TOP))

from fi_bump.report.smoke.markdown import markdown_text  # noqa: E402  # after the line above, which says where from
from fi_bump.report.smoke.svg import svg_text  # noqa: E402
from fi_bump.smoke.model import ProbeReport, SmokeReport  # noqa: E402
from fi_bump.smoke.report_file import parsed  # noqa: E402
from tools.made import write_or_check  # noqa: E402

_DOCS = TOP / "docs"
RELEASES = ("0.6.8.post1", "0.6.11.post2", "0.6.18.post1", "0.7.2.post1")
# Two releases beside each other: the bump that the project began with, and the one of today.
PAIRS = {"h200-bump": ("0.6.11.post2", "0.6.8.post1"), "h200-today": ("0.7.2.post1", "0.6.18.post1")}
# The runs of a release in the order of its page. The times of whole commands were measured around them.
RUNS = {
    "verdict": ("The verdict on layout and numbers, with nothing kept from an earlier run", "--only PROBE…"),
    "all": ("Every probe of one GPU, with kept modules", "--only PROBE…"),
    "times": ("The times of the mixture, with `--jit path`", "--jit path --only mxfp4-sm90-interleave"),
    "all-reduce": ("The fused all-reduce, on two of the GPUs", "--devices 0,1 --only allreduce-fusion"),
    "compiled": ("The masked mixture for compute capability 10.0, compiled only", "--only cutedsl-masked-moe"),
}
COMMAND_SECONDS = dict(zip(RELEASES, (182.4, 190.2, 235.4, 236.3), strict=True))
# Compiling with --jit path, of all four releases at once and beside the other probes' compiling, on 64 cores.
PATH_SECONDS = dict(zip(RELEASES, (673, 656, 999, 721), strict=True))
MACHINE = (
    "Four NVIDIA H200s of one host with 64 cores, torch 2.11.0+cu130, CUDA 13.0, driver 580.159.04; each release\n"
    "had one GPU. The runs with nothing kept were on one machine of this kind, with 16 cores for each release and all\n"
    "four at the same time. All others were on a second one."
)
MOE, PAGED, MLA, RULE, SOAK, FUSED = (
    "mxfp4-sm90-interleave",
    "paged-attention",
    "mla-decode",
    "gdn-prefill",
    "moe-soak",
    "allreduce-fusion",
)


def main() -> int:
    """Write or check every page and drawing; the exit code is 1 when a checked one is stale."""
    return write_or_check(made(), "is not what its raw reports say: run python tools/reports.py")


def made() -> Iterator[tuple[Path, str]]:
    """Yield every file with its text."""
    runs = {release: _runs(release) for release in RELEASES}
    whole = {release: _whole(found) for release, found in runs.items()}
    for release, found in runs.items():
        yield _DOCS / "reports" / f"h200-{release}.md", _page(release, found)
        yield _DOCS / "assets" / f"h200-{release}.svg", svg_text(whole[release])
    for name, (first, second) in PAIRS.items():
        yield _DOCS / "assets" / f"{name}.svg", svg_text(whole[first]._replace(against=whole[second]))
    yield _DOCS / "reports" / "h200-four-releases.md", _summary(runs)


def _runs(release: str) -> dict[str, SmokeReport]:
    path = _DOCS / "reports" / "raw" / f"h200-{release}.json"
    documents = json.loads(path.read_text())
    return {name: parsed(str(path), documents[name], "take the file from git") for name in RUNS if name in documents}


def _whole(runs: dict[str, SmokeReport]) -> SmokeReport:
    """Return one report with every probe: the mixture with its times, and the all-reduce."""
    probes = {
        probe.name: probe for name in ("all", "times", "all-reduce") if name in runs for probe in runs[name].probes
    }
    return runs["all"]._replace(probes=tuple(probes.values()))


def _page(release: str, runs: dict[str, SmokeReport]) -> str:
    parts = [f"# flashinfer {release} on an H200\n", f"{MACHINE}\n"]
    parts.append(f"![Bars: errors and kernel times of {release}, with the card's peak](../assets/h200-{release}.svg)\n")
    for name, report in runs.items():
        title, options = RUNS[name]
        parts += [f"## {title}\n", f"`fi-bump smoke --python PYTHON {options}`", "", f"{_text(report)}\n"]
    parts.append("In the addresses of downloads `…` replaces the host; of the packages those that matter are kept.\n")
    return "\n".join(parts)


def _text(report: SmokeReport) -> str:
    return markdown_text(report).strip()


def _summary(runs: dict[str, dict[str, SmokeReport]]) -> str:
    lines = [
        "# Four releases of flashinfer on H200s\n",
        f"{MACHINE}\n",
        "The complete reports:\n",
        *(f"- [{each}](h200-{each}.md)" for each in RELEASES),
        "",
        "## From the start of the command to the verdict\n",
        "The scope is `quick`, on 16 cores, with nothing kept: a verdict on layout and numbers.\n",
        *_verdicts(runs),
        "\nAll four are below five minutes.\n",
        "## Outcomes and errors\n",
        *_outcomes(runs),
        "\n## Times\n",
        "Medians of captured calls in microseconds; of attention those of FA2 / FA3 and, in brackets, what `auto`\n"
        "took. A share is that of the card's peak: of its memory (a copy on the same card), or of matrix products.\n",
        *_times(runs),
        "\nThe modules of the mixture's times (`--jit path`) were compiled without a GPU, all four at once on 64\n"
        "cores and beside the other probes: the releases took\n"
        + ", ".join(f"{PATH_SECONDS[each]} s" for each in RELEASES)
        + " in the order of the table. The commands that measured loaded them.\n",
        "## Two releases beside each other\n",
        "The bump that the project began with:\n",
        "![Bars: errors and kernel times of 0.6.11.post2 and 0.6.8.post1](../assets/h200-bump.svg)\n",
        "Today's two releases:\n",
        "![Bars: errors and kernel times of 0.7.2.post1 and 0.6.18.post1](../assets/h200-today.svg)\n",
    ]
    return "\n".join(lines)


def _table(head: Sequence[str], rows: Sequence[Sequence[object]]) -> list[str]:
    return [f"| {' | '.join(map(str, row))} |" for row in (head, ["---"] * len(head), *rows)]


def _probe(runs: dict[str, SmokeReport], run: str, name: str) -> ProbeReport | None:
    report = runs.get(run)
    return None if report is None else next((probe for probe in report.probes if probe.name == name), None)


def _verdicts(runs: dict[str, dict[str, SmokeReport]]) -> list[str]:
    names = [probe.name for probe in runs[RELEASES[0]]["verdict"].probes]
    rows = []
    for release in RELEASES:
        probes = [_probe(runs[release], "verdict", name) for name in names]
        compiled = _number(_probe(runs[release], "verdict", MOE), "compile_seconds")
        times = [f"{probe.seconds:.0f}" for probe in probes if probe is not None]
        rows.append([release, f"{COMMAND_SECONDS[release]:.0f}", *times, f"{compiled:.0f}"])
    return _table(["release", "command, s", *(f"{name}, s" for name in names), "compiling the mixture, s"], rows)


def _number(probe: ProbeReport | None, name: str) -> float:
    assert probe is not None
    return float(probe.metrics[name])


def _outcomes(runs: dict[str, dict[str, SmokeReport]]) -> list[str]:
    def row(run: str, name: str, what: str, value: Callable[[ProbeReport], object]) -> list[object]:
        probes = [_probe(runs[release], run, name) for release in RELEASES]
        return [name, what, *("not run" if probe is None else value(probe) for probe in probes)]

    def outcome(probe: ProbeReport) -> str:
        return probe.outcome

    def metric(name: str) -> Callable[[ProbeReport], object]:
        return lambda probe: probe.metrics.get(name, "-")

    def replays(probe: ProbeReport) -> str:
        return f"{probe.metrics['replays']:,}"

    rows = [row("all", name, "outcome", outcome) for name in ("environment", "offline-start", MOE)]
    rows += [
        row("all", MOE, "layout", metric("layout")),
        row("all", MOE, "error of the worst token", metric("worst_token")),
        row("all", "fp4-scale-contract", "a scale for each expert", metric("per_expert_scale")),
        row("all", PAGED, "outcome", outcome),
        row("all", PAGED, "error of the worst query", metric("worst_token")),
        row("all", MLA, "outcome", outcome),
        row("all", MLA, "error of the worst head", metric("worst_token")),
        row("all", SOAK, "outcome", outcome),
        row("all", SOAK, "replays beside other kernels", metric("concurrent")),
        row("all", SOAK, "replays", replays),
        row("all", RULE, "outcome", outcome),
        row("all", RULE, "error of the worst head", metric("worst_token")),
        row("all-reduce", FUSED, "outcome", outcome),
        row("all-reduce", FUSED, "error of the worst token", metric("worst_token")),
        row("compiled", "cutedsl-masked-moe", "outcome, nvidia-cutlass-dsl 4.8.1", outcome),
    ]
    return _table(["probe", "value", *RELEASES], rows)


def _times(runs: dict[str, dict[str, SmokeReport]]) -> list[str]:
    rows: list[list[object]] = []
    for run, name in (("times", MOE), ("all", PAGED), ("all", MLA), ("all", RULE), ("all-reduce", FUSED)):
        probes = [_probe(runs[release], run, name) for release in RELEASES]
        newest = probes[-1]
        assert newest is not None
        table = "timing" if "timing" in newest.metrics else "cases"
        for case, entry in newest.metrics[table].items():
            if isinstance(entry, dict):
                cells = ["not run" if each is None else _cell(each.metrics[table][case]) for each in probes]
                rows.append([f"{name}: {case}", *cells, _share(entry)])
    head = ["case", *RELEASES, f"share of the peak, {RELEASES[-1]}"]
    return _table(head, rows)


def _cell(entry: dict[str, Any]) -> str:
    """Return the time of a case: one number, or that of each backend with the one that `auto` took."""
    if "fa2" not in entry:
        return str(entry["median_us"])
    times = " / ".join(str(entry[each].get("median_us", "does not build")) for each in ("fa2", "fa3"))
    return f"{times} ({entry['auto']['backend']})"


def _share(entry: dict[str, Any]) -> object:
    found = entry.get("auto", entry)
    return found.get("roofline_share", found.get("peak_share", "-"))


if __name__ == "__main__":
    sys.exit(main())
