"""MLflow: traces of a tracking server, of its SQLite file, or of a folder of files."""
