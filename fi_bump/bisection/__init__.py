"""`fi-bump bisect`: find the release in which something broke, by halving the releases between two versions."""
