#!/usr/bin/env bash
# Two packages give two Krippendorff's alphas for ordinal grades, and the same one for nominal and interval.
#
# Versions: irrCAC 0.4.4, krippendorff 0.9.0, pandas 2.3.3; Python 3.11.
# Guess:    a coefficient with a name and a level of measurement is one figure, whoever computes it.
# Seen:     three judges, twelve answers, grades 1 to 4: nominal and interval agree to irrCAC's five digits.
#           Ordinal is 0.7996 in krippendorff and 0.8576 in irrCAC. Krippendorff's own distance of two grades
#           goes by how often those from one to the other were given; irrCAC's by how many there are of them.
# Matters:  ordinal is the level of nearly every scale that judges use, and a bar of 0.667 or 0.8 is passed
#           with one package and missed with the other; a figure from a paper needs its package.
set -euo pipefail
work=$(mktemp -d); trap 'rm -rf "$work"' EXIT
cat > "$work/look.py" <<'PY'
import krippendorff
import numpy as np
import pandas as pd
from irrCAC.raw import CAC

judges = np.array(
    [
        [1, 1, 1, 1, 1, 1, 1, 1, 2, 3, 4, 4],
        [1, 1, 1, 1, 1, 1, 1, 2, 2, 4, 4, 3],
        [1, 1, 1, 1, 1, 1, 2, 1, 1, 3, 4, 4],
    ],
    dtype=float,
)
answers = pd.DataFrame(judges.T, columns=["a", "b", "c"])
for level, weights in (("nominal", "identity"), ("interval", "quadratic"), ("ordinal", "ordinal")):
    one = krippendorff.alpha(reliability_data=judges, level_of_measurement=level)
    other = CAC(answers, weights=weights).krippendorff()["est"]["coefficient_value"]
    print(level, round(float(one), 4), round(float(other), 4))
PY
python3 -m venv "$work/v"
"$work/v/bin/pip" -q install --no-compile "irrCAC==0.4.4" "krippendorff==0.9.0" "pandas==2.3.3" 2>/dev/null
seen=$(cd "$work" && "$work/v/bin/python" look.py 2>/dev/null)
echo "$seen"
test "$seen" = "nominal 0.5042 0.5042
interval 0.8992 0.8992
ordinal 0.7996 0.8576"
