"""What coding agents ask over the Model Context Protocol, answered from the store, bounded."""
