"""Merge the lock and the pins of two branches: `resolve` and the merge driver. No printing."""
