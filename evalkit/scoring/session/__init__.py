"""What one scoring knows while it goes on: settings, what was done, when to stop."""
