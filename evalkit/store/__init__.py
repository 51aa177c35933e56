"""An experiment on disk: manifest, Parquet parts, score cells."""
