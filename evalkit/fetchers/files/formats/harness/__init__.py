"""Results of other harnesses: cases with what they answered and how they were scored."""
