"""For those who write evaluators: trials of one on stored runs, and labels to hold it against."""
