"""What an evaluator is: the callable, what it asks for, what it may return, its own cases."""
