"""Other searchers on the bugs that ours are measured by."""
