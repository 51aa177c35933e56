"""What is taken out before a report leaves the house."""
