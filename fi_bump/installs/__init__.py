"""What the files of a tree install, and the package indexes that they name for it."""
