"""The smallest sequence of steps that still fails."""
