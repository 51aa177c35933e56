"""Seeds: what every random draw of a figure begins from; the same data gives the same figures."""

BOOTSTRAP = 20231127
BOUNDED = 20040717
SEEDS = {"bootstrap": BOOTSTRAP, "bounded": BOUNDED}
"""By the method that draws; a page's manifest names them."""
