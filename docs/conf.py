"""How the site is made: `sphinx-build -W -b html docs build/site`, without a network."""

import sys
from pathlib import Path

import prelimbic

sys.path.insert(0, str(Path(__file__).parent))

project = "prelimbic"
author = "the prelimbic developers"
copyright = "the prelimbic developers, MIT licence"
version = release = prelimbic.__version__

extensions = ["myst_parser", "_pages"]
exclude_patterns = ["_pages"]
myst_heading_anchors = 6
myst_enable_extensions = ["deflist"]
highlight_language = "text"

html_theme = "furo"
html_title = f"prelimbic {version}"
html_static_path = ["_static"]
html_css_files = ["site.css"]
html_show_sourcelink = False
html_copy_source = False
