"""The names LangSmith's objects answer, for runs, steps and examples; knows no value of ours."""
