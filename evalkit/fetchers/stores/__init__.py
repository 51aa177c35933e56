"""What fetchers of trace stores share: counting, keeping what changed, ending honestly."""
