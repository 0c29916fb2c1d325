"""Many checkouts at once: `fi-bump fleet`. It reads, and writes nothing."""
