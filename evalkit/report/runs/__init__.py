"""What page, CSV and JUnit know of every run: columns, words, previews, traces."""
