"""The types of the arrays that figures are computed on, in one home."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
"""Numbers; NaN stands for what was not recorded."""
Codes = NDArray[np.signedinteger[Any]]
"""Places in a list of names, of runs or of examples; -1 stands for none."""
Mask = NDArray[np.bool_]
"""Which entries count."""
