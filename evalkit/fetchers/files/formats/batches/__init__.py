"""Answers of batch endpoints: one request a line, in any order, failures in a file of their own."""
