"""What files that are kept have in common: a seal, and being there whole or not at all."""
