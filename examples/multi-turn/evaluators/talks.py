"""What a whole conversation came to, and what it cost the person."""

from evalkit import Score, evaluator


@evaluator
def booked(messages, reference_outputs) -> bool:
    """The last thing said books what was wanted."""
    last = messages[-1].text
    return reference_outputs["city"] in last and str(reference_outputs["nights"]) in last


@evaluator(direction="lower", kind="number", range=(0, 20))
def turns(messages) -> int:
    """How often the person had to speak: fewer is better."""
    return sum(message.role == "user" for message in messages)


@evaluator
def remembers(messages) -> Score:
    """The assistant never asks for what it was told."""
    said = [message.text for message in messages if message.role == "assistant"]
    again = [text for text in said if "which city" in text.lower()]
    return Score(score=not again, comment=again[0] if again else None)


@evaluator
def ending(messages) -> Score:
    """How it ended, in a word."""
    return Score(value="booked" if messages[-1].text.startswith("Booked") else "gave up")
