"""Benchmarks of chain, search, sweep and audit, and comparisons with other tools."""
