"""A vault on a chain, watched: its logs become steps, the mirror plays them, the state is compared at each block."""
