"""Giving scores back: one contract for every store, one way to plan, write, withdraw and verify."""
