"""The command line. `app` has the typer application; `without_typer` answers help and TAB without it."""
