"""A LangSmith server for tests: the real SDK accepts it for the calls evalkit makes."""
