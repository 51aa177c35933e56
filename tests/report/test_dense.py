"""Dense: layout and comments go, and nothing that a script says."""

import shutil
import subprocess

import pytest

from evalkit.report.labelling import page as label_page
from evalkit.report.page import dense, html, shorten

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


NAMES = [
    ("let total=1;return total+a.total", "let aa=1;return aa+a.total"),
    ("let{size,kind:what=1}=x;f({size,what})", "let{size:aa,kind:ab=1}=x;f({size:aa,what:ab})"),
    ("(row,{cell})=>`${row} row ${`${cell}`}`", "(ab,{cell:aa})=>`${ab} row ${`${aa}`}`"),
    ("if(document){let body=document.body}", "if(document){let aa=document.body}"),
    ("class Grid{draw(rows){this.rows=rows}}new Grid", "class aa{draw(ab){this.rows=ab}}new aa"),
    ("let o={draw(rows){},rows:1,get all(){}}", "let o={draw(rows){},rows:1,get all(){}}"),
    ("let why=a?yes:no;x={why:why}", "let aa=a?yes:no;x={why:aa}"),
    ('let word=/word/;"word"', 'let aa=/word/;"word"'),
    ("let aa=1,more=2;for(let more of aa)g(...more)", "let aa=1,ab=2;for(let ab of aa)g(...ab)"),
    ("let name=1;try{}catch(error){f(error)}", "let name=1;try{}catch(aa){f(aa)}"),
]


@pytest.mark.parametrize(("written", "kept"), NAMES, ids=[str(n) for n in range(len(NAMES))])
def test_only_names_that_a_script_declares_are_short(written, kept):
    assert shorten.shorten(written) == kept


def test_no_name_of_a_window_is_renamed(opened, reports):
    """Else what is meant for the browser would ask for something of ours."""
    written = "\n".join(html._static(f"js/{name}.js") for name in html.PROGRAM)
    names = shorten.renamed(dense.script(written))
    page = opened.go(reports["one"])
    known = page.evaluate("""() => {
      const found = [];
      for (let each = window; each; each = Object.getPrototypeOf(each))
        found.push(...Object.getOwnPropertyNames(each));
      return found;
    }""")
    assert len(names) > 300
    assert not set(names) & set(known)


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
