"""Mutation testing of the contracts: mutants from the syntax tree, batch compilation, recorded stories."""
