"""Trajectories: what a run did, in order, compared with what it should have done."""
