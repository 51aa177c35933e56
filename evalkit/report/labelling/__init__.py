"""The page on which people label runs: what it shows, what it keeps back, and its server."""
