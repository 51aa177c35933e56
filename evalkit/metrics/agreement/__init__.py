"""An evaluator held against labels that people gave."""
