"""Pull the runs of an experiment from a LangGraph (Agent) Server."""
