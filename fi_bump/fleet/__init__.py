"""Compare many checkouts: `fi-bump fleet`. It only reads."""
