"""What a release offers, read from its sources: names, signatures, checks, compiled functions."""
