"""One finder per format: a pure function from a file's bytes to the pins in it. table.py lists the formats."""
