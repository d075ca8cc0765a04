"""Plays stories on a deployed vault: accounts, transactions and comparison of every step."""
