"""LangSmith: pull an experiment with trees, examples and scores; give scores back when told."""
