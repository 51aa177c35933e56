"""Whether a page or a document says what its data say."""
