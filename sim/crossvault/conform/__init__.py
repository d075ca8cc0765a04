"""Someone else's vault against the model: what of the specification it does, and does alike."""
