"""Clauses, levels and known deviations."""
