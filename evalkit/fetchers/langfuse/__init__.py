"""Langfuse over its network API, as its published client has it; not yet tried on a real server."""
