"""The databases that LangGraph's checkpointers write, each read row by row, read-only."""
