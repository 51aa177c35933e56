"""What one call of the command line knows and how it talks, whatever its verb."""
