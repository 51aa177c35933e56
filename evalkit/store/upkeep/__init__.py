"""Looking after what is stored: check it, clear it out, hand it to other programs."""
