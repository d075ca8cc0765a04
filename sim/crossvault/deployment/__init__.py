"""Deploys a vault to an external chain: parameter file -> steps -> journal -> manifest.

Progress is read from the chain each time: the journal only records which transactions may still be pending.
"""
