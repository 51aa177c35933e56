"""From a row to the fields of a run, its steps, scores and example; pure."""
