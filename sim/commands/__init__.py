"""One module per command of the command line; each has one function that takes the parsed arguments and answers the exit code."""
