"""Dense: layout and comments go, and nothing that a script says."""

import shutil
import subprocess

import pytest

from evalkit.report.labelling import page as label_page
from evalkit.report.page import dense, html

CASES = [
    ("const a = 1;\n\nlet b = a + +a - -a;\n", "let a=1;let b=a+ +a- -a;"),
    ("for (let i = 0; ; i++) {\n  go(i);\n}\n", "for(let i=0;;i++){go(i)}"),
    ("f(\"a  // b\", 'c /* d'); // says why\n", "f(\"a  // b\",'c /* d');"),
    ("x = `a  ${y ? `b  ${z}` : { a: 1 }.a}  c`;\n", "x=`a  ${y ? `b  ${z}` : { a: 1 }.a}  c`;"),
    ('return /[",  /]/.test(t) ? a / b / c : d;\n', 'return /[",  /]/.test(t)?a/b/c:d;'),
    ("if (a) return;\nelse if (typeof b in c) d();\n", "if(a)return;else if(typeof b in c)d();"),
    ("a((b) => c);\nreturn (d) => async (e) => f;\n", "a(b=>c);return(d)=>async(e)=>f;"),
    ("/* why */\ncall(\n  a,\n  [b, , c],\n);\n", "call(a,[b,,c]);"),
]


@pytest.mark.parametrize(("written", "kept"), CASES)
def test_a_script_keeps_what_it_says(written, kept):
    assert dense.script(written) == kept


def test_a_style_keeps_what_it_says():
    written = """/* why */
a :hover, b > c {\n  width: calc(1px + 2px);\n  content: " : ";\n}
@media (max-width: 9px) and (color) {\n  i {\n    x: y;\n  }\n}\n"""
    kept = 'a :hover,b>c{width:calc(1px + 2px);content:" : "}'
    kept += "@media (max-width:9px) and (color){i{x:y}}"
    assert dense.style(written) == kept


@pytest.mark.parametrize("program", [html.program, label_page.program])
def test_the_programs_are_whole(program, tmp_path):
    text = program()
    assert text.count("(() => {") == 0
    assert text.endswith("})();")
    assert "\n" not in text
    if (node := shutil.which("node")) is None:
        pytest.skip("there is no node on this machine")
    path = tmp_path / "program.js"
    path.write_text(text, "utf-8")
    subprocess.run([node, "--check", str(path)], check=True, capture_output=True)
