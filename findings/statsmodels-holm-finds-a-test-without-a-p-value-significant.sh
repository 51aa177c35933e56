#!/usr/bin/env bash
# Holm's correction in statsmodels finds a comparison significant that has no p-value.
#
# Versions: statsmodels 0.15.0; Python 3.11.
# Guess:    NaN among the p-values (a test of two columns without any spread has none) stays NaN and is
#          not significant, and the others are corrected as if it were not there, or as one more.
# Seen:     for 0.001, 0.01, 0.02 and NaN the verdicts of "holm" are yes four times; the corrected values
#          end with NaN all the same. Without the first three the NaN is not significant. "fdr_bh" says
#          yes three times and gives NaN for all four, "hommel" says no to all. Nothing warns.
# Matters:  one evaluator that gave every answer the same score adds a significant difference to a table
#          of many, or takes all of them away, as the name of the correction has it.
set -euo pipefail
work=$(mktemp -d); trap 'rm -rf "$work"' EXIT
cat > "$work/look.py" <<'PY'
from statsmodels.stats.multitest import multipletests

known = [0.001, 0.01, 0.02]
for method in ("holm", "fdr_bh", "hommel"):
    for tests in (known, [*known, float("nan")]):
        verdicts, corrected, *_ = multipletests(tests, method=method)
        print(method, "".join("yn"[not each] for each in verdicts), [round(float(each), 3) for each in corrected])
print("holm", multipletests([0.9, float("nan")], method="holm")[0].tolist())
PY
python3 -m venv "$work/v"
"$work/v/bin/pip" -q install --no-compile "statsmodels==0.15.0" 2>/dev/null
seen=$(cd "$work" && "$work/v/bin/python" -W error look.py)
echo "$seen"
test "$seen" = "holm yyy [0.003, 0.02, 0.02]
holm yyyy [0.004, 0.03, 0.04, nan]
fdr_bh yyy [0.003, 0.015, 0.02]
fdr_bh yyyn [nan, nan, nan, nan]
hommel yyy [0.003, 0.02, 0.02]
hommel nnnn [nan, nan, nan, nan]
holm [False, False]"
