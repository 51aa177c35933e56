"""Whether data can be trusted with figures: its shape, its examples, its times."""
