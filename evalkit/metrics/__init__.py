"""Turn results into figures that carry their n and their interval."""
