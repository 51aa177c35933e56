"""Behaviour: what a run did on its way, whatever became of it; failed runs are judged too."""
