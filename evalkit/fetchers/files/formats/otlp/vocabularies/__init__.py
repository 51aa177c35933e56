"""What each tracer calls things on its spans: one module a vocabulary."""
