"""What a stored score rests on: the code an evaluator can reach, hashed."""
