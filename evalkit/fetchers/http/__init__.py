"""Asking a server: connections, tries, limits, threads, redaction. Shared by every source."""
