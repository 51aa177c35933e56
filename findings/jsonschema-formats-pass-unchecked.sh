#!/usr/bin/env bash
# A JSON Schema validator with its format checker turned on does not check most formats.
#
# Versions: jsonschema 4.26.0 from PyPI, with and without its extra `format-nongpl`; Python 3.
# Guess:    `Draft202012Validator(schema, format_checker=FORMAT_CHECKER)` refuses "yesterday" as a
#           `date-time`, "no uri" as a `uri` and "@" as an `email`.
# Seen:     without the extra all three are valid, without a warning: a format whose library is not
#           installed is not among the checkers, and what is not among them passes. With the extra
#           the first two are refused; "@" stays a valid e-mail address, for the check asks for
#           nothing but that sign.
# Matters:  a figure "valid against the schema" is 100 % for outputs whose dates are words, on the
#           machine that lacks an optional package, and less on the one that has it.
set -euo pipefail
work=$(mktemp -d); trap 'rm -rf "$work"' EXIT
cat > "$work/look.py" <<'PY'
from jsonschema import Draft202012Validator as Draft

def valid(format, value):
    checker = Draft.FORMAT_CHECKER
    return Draft({"type": "string", "format": format}, format_checker=checker).is_valid(value)

seen = [valid("date-time", "yesterday"), valid("uri", "no uri"), valid("email", "@")]
print(*seen)
PY
for extra in "" "[format-nongpl]"; do
  python3 -m venv "$work/v$extra"
  "$work/v$extra/bin/pip" -q install "jsonschema${extra}==4.26.0" 2>/dev/null
done
plain=$("$work/v/bin/python" "$work/look.py")
whole=$("$work/v[format-nongpl]/bin/python" "$work/look.py")
echo "without the extra: date-time, uri, email valid: $plain"
echo "with the extra:    date-time, uri, email valid: $whole"
[ "$plain" = "True True True" ] && [ "$whole" = "False False True" ]
