"""Runs whose every text is hostile: scripts, markup, control characters, formulas, surrogates."""

from evalkit.model.run import Run
from evalkit.model.score import Score
from evalkit.model.step import Step
from evalkit.scoring.definition.evaluator import evaluator

MARK = "window.__hit="
PAYLOADS = [
    f"<script>{MARK}1</script>",
    f"</script><script>{MARK}2</script>",
    f'<img src=x onerror="{MARK}3">',
    f"<svg onload={MARK}4>",
    f'"><svg/onload={MARK}5>',
    f"'-{MARK}6-'",
    "${" + MARK + "7}",
    '{{constructor.constructor("' + MARK + '8")()}}',
    '<iframe srcdoc="<script>parent.__hit=9</script>"></iframe>',
    f"javascript:{MARK}10",
    f"[click](javascript:{MARK}11)",
    "<!--<script>",
    f"--><script>{MARK}12</script>",
    f"</title><script>{MARK}13</script>",
    f"</style><script>{MARK}14</script>",
    f"</template><script>{MARK}15</script>",
    f"</textarea><script>{MARK}16</script>",
    '<base href="//evil.example/">',
    f'<meta http-equiv=refresh content="0;url=javascript:{MARK}17">',
    "<math><mtext><table><mglyph><style><!--</style>"
    f'<img title="--&gt;&lt;img src=1 onerror={MARK}18&gt;">',
    f'<a href="javascript:{MARK}19" autofocus onfocus={MARK}20>x</a>',
    "<form id=test><input name=attributes><input name=nodeName></form>",
    "<a id=data><a id=data name=columns>",
    "__proto__",
    "constructor",
    "\u2028" + MARK + "21\u2029",
    "\U0001f600\u202egnp.exe\u202c",
    "\x00\x01\x1b[31mred\x1b[0m",
    f"&lt;script&gt;{MARK}22&lt;/script&gt;",
    f"<details open ontoggle={MARK}23>",
    f"%3Cscript%3E{MARK}24%3C/script%3E",
    "<style>*{display:none!important}</style>",
    '<link rel=stylesheet href="//evil.example/x.css">',
    f"]]><script>{MARK}25</script>",
    f"<input onfocus={MARK}26 autofocus>",
    '=HYPERLINK("http://evil.example","x")',
    "+cmd|' /C calc'!A0",
    "@SUM(1+1)*cmd",
    "data:text/html,<script>alert(1)</script>",
    "Z\u0351\u0343\u0357a\u0308l\u0321g\u0315o " * 20,
    "שלום עולם <b>rtl</b>",
    "lone \ud800 surrogate",
    "::error::injected",
    "[red]rich[/red] | pipe | `tick`",
]


def payload(n: int) -> str:
    return PAYLOADS[n % len(PAYLOADS)]


@evaluator
def judged(outputs) -> Score:
    """</title><script>window.__hit=40</script> \" onmouseover=window.__hit=41"""
    return Score(score=len(str(outputs)) % 2 == 0, comment=str(outputs))


@evaluator
def raises(outputs) -> bool:
    """Always fails with the content in its message."""
    raise ValueError(str(outputs))


def hostile_run(name: str, n: int) -> Run:
    kinds = ("tool", "llm", "retriever", "node", "agent")
    steps = [
        Step(
            step_id=f"{payload(n + i)}{i}",
            parent_id=None if i == 0 else f"{payload(n)}0",
            kind=kinds[i],
            name=payload(n + i)[:60],
            inputs={"messages": [{"role": payload(n + i), "content": payload(n + i + 1)}]}
            if i == 1
            else {payload(n + i): payload(n + i + 2), "__proto__": {"polluted": payload(n)}},
            outputs={"documents": [{"id": payload(n), "page_content": payload(n + 3) * 3}]}
            if i == 2
            else payload(n + i + 4),
            error=payload(n + 5) if i == 0 and n % 3 == 0 else None,
            duration_s=0.1,
            metadata={payload(n): payload(n + 1)},
        )
        for i in range(5)
    ]
    return Run(
        run_id=f"{name}-{payload(n)}-{n}",
        example_id=f"{payload(n)}-{n}",
        status="error" if n % 3 == 0 else "success",
        error=payload(n + 6) if n % 3 == 0 else None,
        inputs={"question": payload(n)},
        outputs={"answer": payload(n + 1), "tone": payload(n), "big": 2**70, "deep": nested(40)},
        steps=steps,
        duration_s=0.5,
        tags=(payload(n),),
        metadata={"topic": payload(n % 5), payload(n + 2): payload(n + 3)},
        url=f"javascript:{MARK}50",
    )


def nested(depth: int) -> object:
    value: object = "bottom"
    for _ in range(depth):
        value = [value]
    return value
