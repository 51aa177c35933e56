"""What verbs print for people: figures, one run, lists, columns that fit the width."""
