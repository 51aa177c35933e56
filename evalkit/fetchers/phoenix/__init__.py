"""Phoenix over the network: experiments, and projects of plain traces."""
