"""Intervals, tests, resampling and corrections on plain arrays; knows no experiment."""
