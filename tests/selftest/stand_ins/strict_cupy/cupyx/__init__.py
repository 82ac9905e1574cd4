"""The part of the stand-in that has SciPy's names."""
