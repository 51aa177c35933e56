"""Write the recorded runs of all six examples: made up, by rules and a seeded dice.

Run it from anywhere; it replaces `*/datasets/`. Nothing here is a claim about any model.
"""

import csv
import json
from pathlib import Path
from random import Random

HERE = Path(__file__).parent


def lines(path: str, rows: list[dict]) -> None:
    """Write JSON Lines."""
    file = HERE / path
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), "utf-8")


PASSAGES = {
    "returns": "Unused items can be returned within 45 days of delivery.",
    "refunds": "Refunds reach the original payment method within 5 working days.",
    "warranty": "Tents carry a warranty of 5 years on seams and poles.",
    "deposit": "A rented tent costs 14 euros a day with a deposit of 120 euros.",
    "washing": "Wash down jackets at 30 degrees and tumble dry with two tennis balls.",
    "exchange": "An exchange for another size is free and ships within 2 working days.",
    "gift-cards": "Gift cards are valid for 36 months and cannot be paid out in cash.",
    "lost": "A parcel without news for 8 working days counts as lost and is replaced.",
}
ASKED = {
    "returns": ("How long may I keep things before sending them back?", "45 days"),
    "refunds": ("When do I see my money again?", "5 working days"),
    "warranty": ("For how many years is a tent covered?", "5 years"),
    "deposit": ("What deposit do you take for a rented tent?", "120 euros"),
    "washing": ("How warm may I wash a puffy coat?", "30 degrees"),
    "exchange": ("What does another size cost me?", "free"),
    "gift-cards": ("Until when can I use a gift card?", "36 months"),
    "lost": ("When do you call a parcel lost?", "8 working days"),
}


def rag() -> None:
    """Two retrievers over one shop: keywords, and one that knows synonyms."""
    dice = Random(1)
    examples = []
    for number in range(24):
        passage = list(ASKED)[number % 8]
        question, answer = ASKED[passage]
        turned = (question, f"{question} I forgot.", f"Quick one: {question.lower()}")[number // 8]
        examples.append(
            {
                "kind": "example",
                "example_id": f"q{number:02}",
                "inputs": {"question": turned},
                "reference_outputs": {"answer": answer, "document_ids": [passage]},
                "metadata": {"passage": passage},
            }
        )
    lines("rag/datasets/questions.jsonl", examples)
    for version, hit in (("keywords", 0.65), ("synonyms", 0.95)):
        runs = []
        for each in examples:
            wanted = each["metadata"]["passage"]
            others = dice.sample([key for key in PASSAGES if key != wanted], 3)
            found = [wanted, *others[:2]] if dice.random() < hit else others
            place = next((n for n, key in enumerate(found, 1) if key == wanted), None)
            said = PASSAGES[wanted] if place else PASSAGES[found[0]]
            runs.append(
                {
                    "run_id": f"{version}-{each['example_id']}",
                    "example_id": each["example_id"],
                    "inputs": each["inputs"],
                    "outputs": {"answer": f"{said} [{place or 1}]"},
                    "duration_s": round(0.4 + dice.random(), 3),
                    "steps": [
                        {
                            "step_id": f"{version}-{each['example_id']}-r",
                            "kind": "retriever",
                            "name": version,
                            "inputs": {"query": each["inputs"]["question"]},
                            "outputs": {
                                "documents": [
                                    {"id": key, "page_content": PASSAGES[key]} for key in found
                                ]
                            },
                        }
                    ],
                }
            )
        lines(f"rag/datasets/{version}.jsonl", runs)


def call(number: int, name: str, arguments: dict) -> dict:
    """Return a tool call in OpenAI's form."""
    function = {"name": name, "arguments": json.dumps(arguments)}
    return {"id": f"c{number}", "type": "function", "function": function}


def asking(number: int, name: str, arguments: dict, answer: str) -> list[dict]:
    """Return the two messages of a call and its answer."""
    return [
        {"role": "assistant", "content": None, "tool_calls": [call(number, name, arguments)]},
        {"role": "tool", "tool_call_id": f"c{number}", "content": answer},
    ]


def tool_agent() -> None:
    """An agent that looks orders up and refunds them; the new one sometimes refunds unasked."""
    dice = Random(2)
    for version in ("careful", "hasty"):
        rows = []
        for number in range(30):
            order = f"FO-{1000 + number}"
            refund = number % 3 == 0
            text = f"Please refund order {order}." if refund else f"Where is order {order}?"
            talk = [{"role": "user", "content": text}]
            if version == "careful" or dice.random() < 0.8:
                talk += asking(1, "order_status", {"order_id": order}, "delivered, 62.00 euros")
            if refund or (version == "hasty" and dice.random() < 0.15):
                if dice.random() < 0.3:
                    talk += asking(2, "refund", {"order_id": order}, "error: provider timed out")
                    talk[-1]["status"] = "error"
                talk += asking(3, "refund", {"order_id": order}, "refunded 62.00 euros")
            end = "It is refunded." if refund else "It was delivered."
            talk.append({"role": "assistant", "content": end})
            expected = [{"name": "order_status", "args": {"order_id": order}}]
            if refund:
                expected.append({"name": "refund", "args": {"order_id": order}})
            rows.append(
                {
                    "id": f"{version}-{number}",
                    "task": f"t{number:02}",
                    "messages": talk,
                    "expected": expected,
                    "kind": "refund" if refund else "status",
                    "seconds": round(1 + dice.random() * (1.2 if version == "hasty" else 2), 3),
                    "usd": round(0.002 + dice.random() / 1000, 6),
                }
            )
        lines(f"tool-agent/datasets/{version}.jsonl", rows)


def multi_turn() -> None:
    """A booking assistant over several turns; one prompt asks again for what it was told."""
    dice = Random(3)
    for version, forgets in (("long-prompt", 0.1), ("short-prompt", 0.45)):
        rows = []
        for number in range(25):
            city = ("Oslo", "Rome", "Lyon", "Graz", "Porto")[number % 5]
            nights = 1 + number % 4
            forgot = dice.random() < forgets
            talk = [
                {"role": "user", "content": f"A room in {city}, please."},
                {"role": "assistant", "content": "For how many nights?"},
                {"role": "user", "content": f"{nights} nights, from Friday."},
            ]
            if forgot:
                talk += [
                    {"role": "assistant", "content": "Which city would you like?"},
                    {"role": "user", "content": f"As I said: {city}."},
                ]
            gave_up = forgot and dice.random() < 0.4
            last = "Goodbye, then." if gave_up else f"Booked: {nights} nights in {city}."
            talk.append({"role": "assistant", "content": last})
            rows.append(
                {
                    "conversation": f"{version}-{number}",
                    "case": f"c{number:02}",
                    "turns": talk,
                    "goal": {"city": city, "nights": nights},
                }
            )
        lines(f"multi-turn/datasets/{version}.jsonl", rows)


def classification() -> None:
    """Tickets sorted into four queues by two classifiers, as CSV."""
    queues = ("billing", "delivery", "repairs", "other")
    for version, right in (("rules", 0.72), ("model", 0.88)):
        dice = Random(4)
        file = HERE / f"classification/datasets/{version}.csv"
        file.parent.mkdir(parents=True, exist_ok=True)
        with file.open("w", newline="", encoding="utf-8") as out:
            rows = csv.writer(out, lineterminator="\n")
            rows.writerow(["ticket", "text", "label", "predicted", "seconds"])
            for number in range(120):
                label = dice.choices(queues, (50, 35, 25, 10))[0]
                luck, other = dice.random(), dice.choice(queues)
                said = label if luck < right else other
                text = f"Ticket {number} about {label}"
                rows.writerow([f"t{number:03}", text, label, said, round(dice.random() / 5, 3)])


TASKS = {
    "add": ("def add(a, b):\n    return a + b\n", "assert add(2, 3) == 5"),
    "top": ("def top(xs):\n    return max(xs)\n", "assert top([1, 9, 4]) == 9"),
    "back": ("def back(s):\n    return s[::-1]\n", "assert back('abc') == 'cba'"),
    "even": ("def even(n):\n    return n % 2 == 0\n", "assert even(4) and not even(3)"),
    "mean": ("def mean(xs):\n    return sum(xs) / len(xs)\n", "assert mean([1, 3]) == 2"),
    "first": ("def first(s):\n    return s.split()[0]\n", "assert first('a b') == 'a'"),
    "clip": ("def clip(x):\n    return min(1, max(0, x))\n", "assert clip(7) == 1"),
    "uniq": ("def uniq(xs):\n    return sorted(set(xs))\n", "assert uniq([2, 1, 2]) == [1, 2]"),
}
BROKEN = ("    return None\n", "    while True: pass\n", "    return (\n")


def code() -> None:
    """Eight small functions, written five times each by two models."""
    dice = Random(5)
    for version, right in (("small", 0.55), ("large", 0.8)):
        rows = []
        for task, (solution, test) in TASKS.items():
            for attempt in range(5):
                head = solution.partition("\n")[0] + "\n"
                how = dice.choices(BROKEN, (8, 1, 3))[0]
                written = solution if dice.random() < right else head + how
                rows.append(
                    {
                        "run": f"{version}-{task}-{attempt}",
                        "task": task,
                        "attempt": attempt,
                        "code": written,
                        "test": test,
                    }
                )
        lines(f"code/datasets/{version}.jsonl", rows)


def judge() -> None:
    """Answers to judge for politeness, and what two people said of thirty of them."""
    dice = Random(6)
    rows, labels = [], []
    for number in range(60):
        kind = dice.choice(("warm", "plain", "curt"))
        answer = {
            "warm": "Thank you for waiting! Your parcel arrives on Friday.",
            "plain": "Your parcel arrives on Friday.",
            "curt": "Friday. Do not ask again.",
        }[kind]
        rows.append(
            {
                "run_id": f"r{number:02}",
                "example_id": f"e{number:02}",
                "inputs": {"question": f"Where is parcel {number}?"},
                "outputs": {"answer": answer},
            }
        )
        for rater in ("ann", "bo") if number < 30 else ():
            said = "0" if kind == "curt" else "1"
            if kind == "plain" and dice.random() < 0.4:
                said = dice.choice(("0", "unsure"))
            label = {"run_id": f"r{number:02}", "metric": "polite", "rater": rater, "label": said}
            labels.append(label)
    lines("judge/datasets/answers.jsonl", rows)
    for rater in ("ann", "bo"):
        own = [label for label in labels if label["rater"] == rater]
        lines(f"judge/datasets/labels/polite.{rater}.jsonl", own)


if __name__ == "__main__":
    for make in (rag, tool_agent, multi_turn, classification, code, judge):
        make()
