"""The judge: an independent valuation and the numbered rules, written from the specification alone.

It reads stored fields and events, and computes by exact integers of its own: nothing of the mirror is called.
"""
