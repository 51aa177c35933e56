"""The report as plain values, from which every renderer draws; makes nothing."""
