"""Published findings, held against stored runs."""
