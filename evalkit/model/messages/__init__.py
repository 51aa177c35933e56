"""Chat messages of every common form, read as one form: the only reader of messages there is."""
