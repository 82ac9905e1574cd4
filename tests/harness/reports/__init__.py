"""Verdicts, and what is written of them."""
