"""Options of git commands whose value is the next word, which is then neither a repository nor a commit."""

from __future__ import annotations

GIT_VALUES = frozenset({"-C", "-c", "--git-dir", "--work-tree", "--namespace", "--exec-path"})
CLONE_VALUES = frozenset(
    [
        "-o",
        "--origin",
        "-u",
        "--upload-pack",
        "--reference",
        "--reference-if-able",
        "--separate-git-dir",
        "-c",
        "--config",
        "-j",
        "--jobs",
        "--filter",
        "--template",
        "--shallow-since",
        "--shallow-exclude",
        "--server-option",
        "--bundle-uri",
        "--depth",
        "--ref-format",
    ]
)
CHECKOUT_VALUES = frozenset({"-b", "-B", "-c", "-C", "--orphan", "--conflict", "--create", "--force-create"})
FETCH_VALUES = frozenset(
    [
        "--depth",
        "--deepen",
        "-j",
        "--jobs",
        "-o",
        "--server-option",
        "--upload-pack",
        "--refmap",
        "--filter",
        "--negotiation-tip",
        "--shallow-since",
        "--shallow-exclude",
    ]
)
RESET_VALUES = frozenset({"--pathspec-from-file"})
REMOTE_VALUES = frozenset({"-t", "-m"})
