"""Benchmarks: of the chain, the search, the sweep and the audit, and beside other tools."""
