"""Values: what a run, a step, an example and a score are; no I/O."""
