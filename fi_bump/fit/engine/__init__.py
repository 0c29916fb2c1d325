"""What a repository's Python files use of a package."""
