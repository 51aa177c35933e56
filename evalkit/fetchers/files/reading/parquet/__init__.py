"""Rows of Parquet files, however often a file means a text that it holds once."""
