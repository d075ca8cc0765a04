"""A vault onto a chain that others run: a file of parameters -> steps -> a journal -> a manifest.

What was done is read from the chain each time: the journal only remembers which transactions may still be on their way.
"""
