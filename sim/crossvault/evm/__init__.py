"""Contracts from source to a running chain: compiler, calls, deployment, Anvil and the chain in process."""
