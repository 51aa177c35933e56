"""Results as arrays, read once: the room that touches Arrow; home of the array types."""
