"""Reports of what was computed, and comparisons of two: the only room that knows jinja2."""
