"""What is shown of a run: collected from the model while it goes, and written as text, as a picture or as JSON."""
