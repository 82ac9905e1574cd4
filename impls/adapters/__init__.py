"""The implementations that ship with the suite."""
