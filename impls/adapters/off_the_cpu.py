"""Checks that torch makes on the CPU and leaves to the kernel elsewhere.

On CUDA an index, a label or a probability out of range raises nothing: a kernel asserts, some later call raises, and
the process can use the device no more. So the adapters check before the call what torch would check on the CPU, and
raise ValueError. On the CPU they leave it to torch, so that its own checks are what is judged.
"""


def check_labels(labels, least, k, ignored=None):
    """Labels have to lie in [least, k); those equal to ``ignored`` are torch's affair."""
    if labels.device.type == "cpu":
        return
    wrong = (labels < least) | (labels >= k)
    if ignored is not None:
        wrong = wrong & (labels != ignored)
    if bool(wrong.any()):
        raise ValueError(f"labels have to lie in [{least}, {k})")


def check_probabilities(*arrays):
    """Every element has to lie in [0, 1]; NaN does not."""
    if not all(p.device.type == "cpu" or bool(((p >= 0) & (p <= 1)).all()) for p in arrays):
        raise ValueError("probabilities and targets have to lie in [0, 1]")
