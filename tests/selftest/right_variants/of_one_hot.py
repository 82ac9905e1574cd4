"""Right ways to write one-hot encoding."""

from importlib.util import find_spec

import numpy as np

from tests.selftest.right_variants.registry import variant, variants


def _check(labels, k):
    if labels.size and not (labels.min() >= 0 and labels.max() < k):
        raise IndexError(f"the labels have to lie in [0, {k})")


@variant("one_hot", "textbook")
def rows_of_the_identity(labels, k):
    return np.eye(k)[labels]


@variant("one_hot", "textbook")
def integer_rows_of_the_identity(labels, k):
    return np.identity(k, dtype=int)[labels]


@variant("one_hot", "textbook")
def taken_from_the_identity(labels, k):
    return np.eye(k, dtype=np.float32).take(labels, axis=0)


@variant("one_hot", "textbook")
def compared_with_the_class_numbers(labels, k):
    return labels[:, None] == np.arange(k)


@variant("one_hot", "textbook")
def ones_set_among_zeros(labels, k):
    out = np.zeros((len(labels), k))
    out[np.arange(len(labels)), labels] = 1
    return out


@variant("one_hot", "textbook")
def label_by_label(labels, k):
    return np.array([[1 if i == label else 0 for i in range(k)] for label in labels])


@variant("one_hot", "textbook")
def ones_at_their_places_in_memory(labels, k):
    out = np.zeros(labels.size * k)
    out[np.arange(labels.size) * k + labels] = 1
    return out.reshape(-1, k)


@variant("one_hot", "textbook")
def counted(labels, k):
    return np.stack([np.bincount([label], minlength=k) for label in labels])


@variant("one_hot", "textbook")
def column_by_column(labels, k):
    return np.column_stack([labels == i for i in range(k)]).astype(float)


@variant("one_hot", "robust")
def compared_after_a_check(labels, k):
    _check(labels, k)
    return labels[..., None] == np.arange(k)


@variant("one_hot", "robust")
def put_along_the_last_axis(labels, k):
    _check(labels, k)
    out = np.zeros((*labels.shape, k), dtype=np.int8)
    np.put_along_axis(out, labels[..., None].astype(np.int64), 1, axis=-1)
    return out


@variant("one_hot", "robust")
def outer_comparison(labels, k):
    _check(labels, k)
    return np.equal.outer(labels, np.arange(k)).astype(np.float64)


@variant("one_hot", "robust")
def rows_of_the_identity_after_a_check(labels, k):
    _check(labels, k)
    return np.eye(k)[labels]


@variant("one_hot", "robust")
def refused_unless_int64(labels, k):
    if labels.dtype != np.int64:
        raise TypeError("the labels have to be int64")
    if not np.isin(labels, np.arange(k)).all():
        raise ValueError(f"the labels have to lie in [0, {k})")
    return np.eye(k, dtype=bool)[labels]


if find_spec("scipy"):

    def _scipy():
        from scipy import sparse

        def one_hot(labels, k):
            ones, ends = np.ones(labels.size), np.arange(labels.size + 1)
            return sparse.csr_array((ones, labels, ends), shape=(labels.size, k)).toarray()

        return {"one_hot": one_hot}

    variants("one_hot: scipy.sparse.csr_array", "textbook", _scipy)

if find_spec("sklearn"):

    def _sklearn():
        from sklearn.preprocessing import OneHotEncoder

        def one_hot(labels, k):
            return OneHotEncoder(categories=[range(k)], sparse_output=False).fit_transform(labels[:, None])

        return {"one_hot": one_hot}

    variants("one_hot: sklearn.preprocessing.OneHotEncoder", "textbook", _sklearn)

if find_spec("torch"):

    def _torch_functional():
        from torch.nn import functional

        return {"one_hot": functional.one_hot}

    def _torch_scatter():
        import torch

        def one_hot(labels, k):
            return torch.zeros(*labels.shape, k).scatter_(-1, labels[..., None], 1.0)

        return {"one_hot": one_hot}

    def _torch_eye():
        import torch

        return {"one_hot": lambda labels, k: torch.eye(k)[labels]}

    variants("one_hot: torch.nn.functional.one_hot", "robust", _torch_functional, arrays="torch")
    variants("one_hot: torch.Tensor.scatter_", "robust", _torch_scatter, arrays="torch")
    variants("one_hot: torch.eye", "textbook", _torch_eye, arrays="torch")
