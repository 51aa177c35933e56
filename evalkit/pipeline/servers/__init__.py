"""What servers are asked for besides runs: which experiments they have, to take scores back."""
