"""The lecture's experiments: what networks can and cannot learn, from fixed seeds, with the NumPy reference and torch.

    pytest tests/experiments

Every threshold is a theorem, a figure computed exactly from the same data, or what other seeds give; none is chosen to
fit a run.
"""
