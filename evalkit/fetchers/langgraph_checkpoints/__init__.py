"""Read the runs of an experiment from a LangGraph checkpointer database, without a server."""
