"""A spec, a file, a notebook or a class as functions with names."""
