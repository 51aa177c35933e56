"""From the bytes of a file to rows with their place; knows no run."""
