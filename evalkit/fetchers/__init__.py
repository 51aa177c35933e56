"""Pull the runs of an experiment from where they were recorded."""

import sys

# httpx imports its own command line, with rich and pygments, where these are installed: half of
# the time that importing it takes. A module that is None is one that cannot be imported.
sys.modules.setdefault("httpx._main", None)  # type: ignore[arg-type]
