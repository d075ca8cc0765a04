"""The twin of contracts/: the same arithmetic in Python integers, file by file."""
