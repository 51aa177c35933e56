"""Judges: evaluators that ask a language model, over any endpoint that speaks OpenAI's protocol."""
