"""Strategies and the examples drawn from them."""
