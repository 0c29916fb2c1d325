"""How the code fits a release, for readers: lines of text, a migration page, results for CI, and JSON."""
