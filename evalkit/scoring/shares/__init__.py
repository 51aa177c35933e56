"""Calls on other machines: what is sent, what comes back, and who counts it."""
