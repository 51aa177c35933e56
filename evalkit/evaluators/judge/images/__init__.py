"""Images of the judged material: read, bounded, shown to a judge or named, counted as tokens."""
