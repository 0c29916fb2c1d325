"""The command line. `app` has the typer application; `prompt` answers help and TAB without it."""
