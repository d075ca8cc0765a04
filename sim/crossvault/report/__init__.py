"""Output of the commands: a file for each, and shared pieces by subject; as text, as pictures and as JSON."""
