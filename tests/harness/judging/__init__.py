"""From an example to an outcome."""
