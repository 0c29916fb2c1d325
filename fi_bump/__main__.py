"""The entry point: it starts a plain `check` before any command-line framework is imported."""

from __future__ import annotations

import gc
import os
import sys


def main() -> None:
    """Run fi-bump with the process's arguments and exit with its code."""
    try:
        _run()
    except KeyboardInterrupt:  # While modules are imported; later `guard` catches it.
        sys.stderr.write("fi-bump: interrupted\n")
        sys.exit(130)


def _run() -> None:
    # A check runs for some hundredths of a second: collecting its garbage would take longer than it saves.
    gc.disable()
    if sys.stdin is None or sys.stdout is None or sys.stderr is None:
        from fi_bump.terminal.output import open_missing_streams

        open_missing_streams()
    if sys.argv[1:] == ["--version"] and "_FI_BUMP_COMPLETE" not in os.environ:
        sys.exit(_print_version())
    if "-C" in sys.argv[2:]:
        from fi_bump.scanning.upwards import folder_first

        sys.argv[1:] = folder_first(sys.argv[1:])
    from fi_bump.terminal.output import guard

    # Only typer answers these, so what a command needs is not imported.
    helping = not {"-h", "--help"}.isdisjoint(sys.argv[1:])
    if "check" in sys.argv[1:] and not helping:
        from fi_bump.commands import check

        checking = check.parse(sys.argv[1:])
        if checking is not None:
            sys.exit(guard(lambda: check.run(checking)))
    # The other commands run for about a second: rare collections are enough.
    gc.set_threshold(100_000, 20, 20)
    gc.enable()
    if "set" in sys.argv[1:] and not helping:
        from fi_bump.commands import set as command

        setting = command.parse(sys.argv[1:])
        if setting is not None:
            sys.exit(guard(lambda: command.run(setting)))
    from fi_bump.cli import app

    sys.exit(guard(lambda: app(prog_name="fi-bump")))


def _print_version() -> int:
    """Print what typer prints for `--version`, without the time that its import takes, and return the exit code."""
    from fi_bump import __version__
    from fi_bump.terminal.output import guard, say

    def answer() -> int:
        say([f"fi-bump {__version__}"])
        return 0

    return guard(answer)


if __name__ == "__main__":
    main()
