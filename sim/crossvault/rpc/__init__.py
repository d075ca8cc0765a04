"""Nodes run by others: queries over JSON-RPC with retries, and signed transactions that are mined once."""
