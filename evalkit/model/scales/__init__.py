"""What a score is: a share, a number or a category, and how its text is read."""
