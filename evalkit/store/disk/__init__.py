"""Files, locks, Parquet parts, schemas, the manifest: what lies on the disk, whatever it says."""
