"""The tools beside Python: where they are, and how they get there."""
