"""Looking for steps on which something breaks."""
