"""Sections: each part of the report, made from figures and rows."""
