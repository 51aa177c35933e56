"""Planning: how many examples and repetitions a comparison needs to find what is asked of it."""
