"""The reports as their users see them; run by ``tests/browser/run``, deselected in every other run."""
