"""The same view for a terminal, Markdown, GitHub, JUnit, programs and notebooks."""
