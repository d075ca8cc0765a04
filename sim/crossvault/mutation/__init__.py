"""Mutants of the contracts: made from the syntax tree, compiled many at once, played recorded stories."""
