"""Adapters of released libraries, and what was found in them; run by hand (``python -m tests.libraries``)."""
