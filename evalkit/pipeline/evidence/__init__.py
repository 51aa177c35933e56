"""What a page is made from, by hashes, and who signs it."""
