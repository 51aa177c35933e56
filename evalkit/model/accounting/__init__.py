"""Tokens and money: read under any name, added up a tree, priced from a table."""
