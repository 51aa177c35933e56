"""evalkit: score completed runs of LLM and agent applications."""
