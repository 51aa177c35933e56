"""Money: what judges took, counted by every process in one book, and the budget it is held to."""
