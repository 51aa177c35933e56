"""One experiment in figures, and the same figure over many days."""
