"""Make the pages and the drawings of the reports of four releases on H100s and on H200s from their raw reports.

docs/reports/raw has, for each card and release, the JSON reports of `fi-bump smoke` by the name of the run. Nothing is
measured here, so the pages can be made again when the format of reports changes.

    python tools/reports.py            write docs/reports/h?00-*.md and docs/assets/h?00-*.svg
    python tools/reports.py --check    fail if one of them is stale
"""

from __future__ import annotations

import json
import sys
import textwrap
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

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
PAIRS = {"bump": ("0.6.11.post2", "0.6.8.post1"), "today": ("0.7.2.post1", "0.6.18.post1")}
TOLD = "--only PROBE…"
# The runs of a release in the order of its page, with what the page calls them and the options of the command.
VERDICT = ("The verdict on layout and numbers, with nothing kept from an earlier run", TOLD)
ALL_REDUCE = ("The fused all-reduce, on two of the GPUs", "--devices 0,1 --only allreduce-fusion")


class Card(NamedTuple):
    """A kind of card: the machines, the runs on it, and what is said of them.

    `seconds` are those of the whole command of the run `verdict`, which were measured around it.
    """

    name: str
    machines: str
    runs: dict[str, tuple[str, str]]
    seconds: tuple[float, ...]
    about_times: str

    @property
    def key(self) -> str:
        """The beginning of the names of its files."""
        return self.name.lower()


CARDS = (
    Card(
        name="H100",
        machines=(
            "Two machines with four NVIDIA H100s and 64 cores, torch 2.11.0+cu130, CUDA 13.0, driver "
            "580.159.04; each release had one GPU. The runs with nothing kept were on the first one, with 16 "
            "cores for each release and all four at the same time. Then all other probes of a release "
            "compiled and ran together there, so that now and then two used one GPU; the soak was on the "
            "second machine. The share of the peak of a prefill with a window is left out, because it "
            "counted pairs that do not see each other."
        ),
        runs={
            "verdict": VERDICT,
            "all": ("The quick probes and the soak, with kept modules", TOLD),
            "paged": ("Paged attention", "--only paged-attention"),
            "mla": ("Latent attention", "--only mla-decode"),
            "rule": ("The gated delta rule", "--only gdn-prefill"),
            "all-reduce": ALL_REDUCE,
        },
        seconds=(220.8, 234.0, 288.0, 290.8),
        about_times=(
            "The times of the mixture need `--jit path`, and were measured [on H200s](h200-four-releases.md). Three "
            "times of 0.6.18.post1 and 0.7.2.post1 were measured while another probe used the same GPU: FA2's "
            "122.6 µs in "
            "the first case (`auto`, which took FA2 as well, needed 100.0), and the 20 µs of the all-reduce, "
            "which takes "
            "4.6 and 7.6 µs between two H200s that do nothing else."
        ),
    ),
    Card(
        name="H200",
        machines=(
            "Four NVIDIA H200s of one host with 64 cores, torch 2.11.0+cu130, CUDA 13.0, driver 580.159.04; "
            "each release had one GPU. The runs with nothing kept were on one machine of this kind, with 16 "
            "cores for each release and all four at the same time. All others were on a second one. The soft "
            "cap of `paged-attention` was 30 here, with which a kernel that ignores it is not seen, and "
            "attention was compared for four sequences of each case; [the reports of "
            "H100s](h100-four-releases.md) are of the probes as they are now."
        ),
        runs={
            "verdict": VERDICT,
            "all": ("Every probe of one GPU, with kept modules", TOLD),
            "times": ("The times of the mixture, with `--jit path`", "--jit path --only mxfp4-sm90-interleave"),
            "all-reduce": ALL_REDUCE,
            "compiled": (
                "The masked mixture for compute capability 10.0, compiled only",
                "--only cutedsl-masked-moe",
            ),
        },
        seconds=(182.4, 190.2, 235.4, 236.3),
        about_times=(
            "The modules of the mixture's times (`--jit path`) were compiled without a GPU, all four at once "
            "on 64 cores and beside the other probes: the releases took 673 s, 656 s, 999 s, 721 s in the "
            "order of the table. The commands that measured loaded them."
        ),
    ),
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
    for card in CARDS:
        runs = {release: _runs(card, release) for release in RELEASES}
        whole = {release: _whole(found) for release, found in runs.items()}
        for release, found in runs.items():
            yield _DOCS / "reports" / f"{card.key}-{release}.md", _page(card, release, found)
            yield _DOCS / "assets" / f"{card.key}-{release}.svg", svg_text(whole[release])
        for name, (first, second) in PAIRS.items():
            yield (
                _DOCS / "assets" / f"{card.key}-{name}.svg",
                svg_text(whole[first]._replace(against=whole[second])),
            )
        yield _DOCS / "reports" / f"{card.key}-four-releases.md", _summary(card, runs)


def _runs(card: Card, release: str) -> dict[str, SmokeReport]:
    path = _DOCS / "reports" / "raw" / f"{card.key}-{release}.json"
    documents = json.loads(path.read_text())
    return {
        name: parsed(str(path), documents[name], "take the file from git") for name in card.runs if name in documents
    }


def _whole(runs: dict[str, SmokeReport]) -> SmokeReport:
    """Return one report with every probe that ran: the mixture with its times, if there are any."""
    chosen = [report for name, report in runs.items() if name not in ("verdict", "compiled")]
    probes = {probe.name: probe for report in chosen for probe in report.probes}
    return runs["all"]._replace(probes=tuple(probes.values()))


def _page(card: Card, release: str, runs: dict[str, SmokeReport]) -> str:
    picture = f"![Bars: errors and kernel times of {release}, with the card's peak](../assets/{card.key}-{release}.svg)"
    parts = [f"# flashinfer {release} on an {card.name}\n", _filled(card.machines), f"{picture}\n"]
    for name, report in runs.items():
        title, options = card.runs[name]
        parts += [f"## {title}\n", f"`fi-bump smoke --python PYTHON {options}`", "", f"{_text(report)}\n"]
    parts.append("In the addresses of downloads `…` replaces the host; of the packages those that matter are kept.\n")
    return "\n".join(parts)


def _filled(text: str) -> str:
    """Return a paragraph in lines as the pages have them."""
    return textwrap.fill(text, 120, break_long_words=False, break_on_hyphens=False) + "\n"


def _text(report: SmokeReport) -> str:
    return markdown_text(report).strip()


def _summary(card: Card, runs: dict[str, dict[str, SmokeReport]]) -> str:
    lines = [
        f"# Four releases of flashinfer on {card.name}s\n",
        _filled(card.machines),
        "The complete reports:\n",
        *(f"- [{each}]({card.key}-{each}.md)" for each in RELEASES),
        "",
        "## From the start of the command to the verdict\n",
        "The scope is `quick`, on 16 cores, with nothing kept: a verdict on layout and numbers.\n",
        *_verdicts(card, runs),
        "\nAll four are below five minutes.\n",
        "## Outcomes and errors\n",
        *_outcomes(runs),
        "\n## Times\n",
        _filled(
            "Medians of captured calls in microseconds; of attention those of FA2 / FA3 and, in brackets, what `auto` "
            "took. FA3 takes no bfloat16 query with an fp8 cache. A share is that of the card's peak: of its memory (a "
            "copy on the same card), or of matrix products."
        ),
        *_times(runs),
        "\n" + _filled(card.about_times),
        "## Two releases beside each other\n",
        "The bump that the project began with:\n",
        f"![Bars: errors and kernel times of 0.6.11.post2 and 0.6.8.post1](../assets/{card.key}-bump.svg)\n",
        "Today's two releases:\n",
        f"![Bars: errors and kernel times of 0.7.2.post1 and 0.6.18.post1](../assets/{card.key}-today.svg)\n",
    ]
    return "\n".join(lines)


def _table(head: Sequence[str], rows: Sequence[Sequence[object]]) -> list[str]:
    return [f"| {' | '.join(map(str, row))} |" for row in (head, ["---"] * len(head), *rows)]


def _probe(runs: dict[str, SmokeReport], name: str, holding: str = "") -> ProbeReport | None:
    """Return the first report of a probe, outside the run `verdict`, that has a metric; None if it did not run."""
    found = [probe for run, report in runs.items() if run != "verdict" for probe in report.probes]
    return next((probe for probe in found if probe.name == name and holding in ("", *probe.metrics)), None)


def _verdicts(card: Card, runs: dict[str, dict[str, SmokeReport]]) -> list[str]:
    names = [probe.name for probe in runs[RELEASES[0]]["verdict"].probes]
    rows = []
    for release, seconds in zip(RELEASES, card.seconds, strict=True):
        probes = {probe.name: probe for probe in runs[release]["verdict"].probes}
        times = [f"{probes[name].seconds:.0f}" for name in names]
        rows.append([release, f"{seconds:.0f}", *times, f"{_number(probes[MOE], 'compile_seconds'):.0f}"])
    return _table(["release", "command, s", *(f"{name}, s" for name in names), "compiling the mixture, s"], rows)


def _number(probe: ProbeReport, name: str) -> float:
    return float(probe.metrics[name])


def _outcomes(runs: dict[str, dict[str, SmokeReport]]) -> list[str]:
    def row(name: str, what: str, value: Callable[[ProbeReport], object]) -> list[object]:
        probes = [_probe(runs[release], name) for release in RELEASES]
        return [name, what, *("not run" if probe is None else value(probe) for probe in probes)]

    def outcome(probe: ProbeReport) -> str:
        return probe.outcome

    def metric(name: str) -> Callable[[ProbeReport], object]:
        return lambda probe: probe.metrics.get(name, "-")

    def replays(probe: ProbeReport) -> str:
        return f"{probe.metrics['replays']:,}"

    rows = [row(name, "outcome", outcome) for name in ("environment", "offline-start", MOE)]
    rows += [
        row(MOE, "layout", metric("layout")),
        row(MOE, "error of the worst token", metric("worst_token")),
        row("fp4-scale-contract", "a scale for each expert", metric("per_expert_scale")),
        row(PAGED, "outcome", outcome),
        row(PAGED, "error of the worst query", metric("worst_token")),
        row(MLA, "outcome", outcome),
        row(MLA, "error of the worst head", metric("worst_token")),
        row(SOAK, "outcome", outcome),
        row(SOAK, "replays beside other kernels", metric("concurrent")),
        row(SOAK, "replays", replays),
        row(RULE, "outcome", outcome),
        row(RULE, "error of the worst head", metric("worst_token")),
        row(FUSED, "outcome", outcome),
        row(FUSED, "error of the worst token", metric("worst_token")),
        row("cutedsl-masked-moe", "outcome, nvidia-cutlass-dsl 4.8.1", outcome),
    ]
    ran = [line for line in rows if set(line[2:]) != {"not run"}]
    return _table(["probe", "value", *RELEASES], ran)


def _times(runs: dict[str, dict[str, SmokeReport]]) -> list[str]:
    rows: list[list[object]] = []
    for name, table in ((MOE, "timing"), (PAGED, "cases"), (MLA, "cases"), (RULE, "cases"), (FUSED, "timing")):
        probes = [_probe(runs[release], name, table) for release in RELEASES]
        if (newest := probes[-1]) is None:
            continue
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
    times = " / ".join(str(entry[each].get("median_us", "-")) for each in ("fa2", "fa3"))
    return f"{times} ({entry['auto']['backend']})"


def _share(entry: dict[str, Any]) -> object:
    found = entry.get("auto", entry)
    return found.get("roofline_share", found.get("peak_share", "-"))


if __name__ == "__main__":
    sys.exit(main())
