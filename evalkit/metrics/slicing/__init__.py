"""Parts of the runs: how they are named, found and held against the rest."""
