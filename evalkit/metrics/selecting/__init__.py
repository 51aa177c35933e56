"""Which runs are shown where not all can be, and what is known of every run for that."""
