"""The entry point: it starts a plain `check` before any command-line framework is imported."""

from __future__ import annotations

import gc
import os
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable


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
    if not {"-q", "--quiet", "-v", "--verbose"}.isdisjoint(sys.argv) or "--color" in " ".join(sys.argv):
        _take_output_options()
    if _answered():
        return
    if "json" in sys.argv or "--format=json" in sys.argv:
        from fi_bump.cli import as_json

        as_json.prepare(sys.argv[1:])
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
            _exit(guard(lambda: check.run(checking)))
    if "status" in sys.argv[1:] and not helping:
        from fi_bump.scanning.upwards import plain

        root = plain(sys.argv[1:], "status")
        if root is not None:
            from fi_bump.commands import status

            _exit(guard(lambda: status.run(root)))
    # The other commands run for about a second: rare collections are enough.
    gc.set_threshold(100_000, 20, 20)
    gc.enable()
    if "set" in sys.argv[1:] and not helping:
        from fi_bump.commands import set as command

        setting = command.parse(sys.argv[1:])
        if setting is not None:
            _exit(guard(lambda: command.run(setting)))
    if sys.argv[-1:] == ["latest"]:
        from fi_bump.scanning.upwards import plain

        folder = plain(sys.argv[1:], "latest")
        if folder is not None:
            from fi_bump.commands import latest

            sys.exit(guard(lambda: latest.run(latest.LatestOptions(folder))))
    from fi_bump.cli.app import app

    sys.exit(guard(lambda: _typed(app)))


def _exit(code: int) -> None:
    """Exit without a last collection of garbage, which takes as long as to read hundreds of files."""
    gc.freeze()
    sys.exit(code)


def _typed(app: Callable[..., int]) -> int:
    """Let typer read the command line. With --format json, what it refuses is an error in the document."""
    from fi_bump.terminal.wanted import OutputChoices

    if OutputChoices.document_of is None:
        return app(prog_name="fi-bump")
    from fi_bump.cli.as_json import typed

    return typed(app)


def _take_output_options() -> None:
    """Carry out -q, -v and --color, which every command has, and take them out of the arguments."""
    if "_FI_BUMP_COMPLETE" in os.environ:
        return
    from fi_bump.cli.without_typer import table
    from fi_bump.terminal.wanted import taken

    options = [each for command in table("command_line.json").values() for each in command["options"]]
    values = frozenset(name for each in options if each["value"] for name in each["names"])
    sys.argv[1:] = taken(sys.argv[1:], values - {"--color"})


def _answered() -> bool:
    """Answer `--version`, `--help` or TAB without the time that typer's import takes; return whether one was asked.

    What this cannot answer is left to typer.
    """
    arguments = sys.argv[1:]
    if "_FI_BUMP_COMPLETE" in os.environ:
        return _completed()
    if arguments in (["--version"], ["-V"]):
        from fi_bump import __version__

        _print(f"fi-bump {__version__}\n")
        return True
    if arguments[-1:] in (["--help"], ["-h"]):
        from fi_bump.cli.without_typer import help_text

        text = help_text(arguments, sys.stdout)
        if text is not None:
            _print(text)
        return text is not None
    return False


def _completed() -> bool:
    from fi_bump.cli.without_typer import completed
    from fi_bump.terminal.output import guard

    def answer() -> int:
        found = completed(os.environ)
        if found is None:
            return -1
        text, code = found
        _print(text)
        return code

    code = guard(answer)
    if code > 0:
        sys.exit(code)
    return code == 0


def _print(text: str) -> None:
    """Print a text of fi-bump's own. If that fails, exit as `guard` says, whose import only that case pays for."""
    try:
        sys.stdout.buffer.write(text.encode("utf-8", "replace"))
        sys.stdout.buffer.flush()
    except OSError:
        from fi_bump.terminal.output import guard, write_bytes

        def again() -> int:
            write_bytes(b"")  # The text is still in the buffer.
            return 0

        sys.exit(guard(again))


if __name__ == "__main__":
    main()
