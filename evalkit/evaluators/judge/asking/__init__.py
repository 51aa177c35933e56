"""What an endpoint says and means, read without knowing what is judged; and who waits for it."""
