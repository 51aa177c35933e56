"""What trace stores give away as files: Phoenix and MLflow."""
