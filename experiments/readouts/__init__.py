"""Arrays, and numbers over seeds, from a dataset."""
