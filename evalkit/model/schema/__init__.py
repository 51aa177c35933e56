"""How the values are written: columns, JSON Lines, payload text, content hash."""
