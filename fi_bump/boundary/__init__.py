"""Which paths belong to the repository. The lock and the tree may come from anyone, so both are checked here."""
