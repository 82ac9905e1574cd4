"""The data of the experiments: what scikit-learn ships, points in the plane, and MNIST where its files are."""

import gzip
from pathlib import Path

import numpy as np

Data = tuple[np.ndarray, np.ndarray]

_IDX_MAGIC = {2049: 1, 2051: 3}
"""The first number of a file of labels and of images, and the number of their axes."""


def iris() -> Data:
    """Petal length and width of 150 flowers, standardised, (150, 2); 1 where one is a versicolor, (150, 1)."""
    from sklearn.datasets import load_iris

    data = load_iris()
    x = data.data[:, 2:]
    return (x - x.mean(axis=0)) / x.std(axis=0), (data.target[:, None] == 1).astype(np.float64)


def digits() -> Data:
    """1797 pictures of digits, 8 x 8 grey levels in [0, 1] as rows of 64, and their labels."""
    from sklearn.datasets import load_digits

    data = load_digits()
    return data.data / 16, data.target.astype(np.int64)


def rings(m: int, seed: int) -> Data:
    """m points in the plane, (m, 2): 1 in a disc of radius 1, 0 in the ring from 1.5 to 2.5 around it, (m, 1)."""
    rng = np.random.default_rng(seed)
    y = np.arange(m) % 2
    radius = np.sqrt(np.where(y == 1, rng.uniform(0, 1, m), rng.uniform(1.5**2, 2.5**2, m)))
    angle = rng.uniform(0, 2 * np.pi, m)
    return radius[:, None] * np.stack([np.cos(angle), np.sin(angle)], axis=1), y[:, None].astype(np.float64)


def spirals(m: int, seed: int) -> Data:
    """m points in the plane, (m, 2), on two arms that wind around each other, with noise; the arm, (m, 1)."""
    rng = np.random.default_rng(seed)
    y = np.arange(m) % 2
    along = rng.uniform(0.5, 3.5, m)
    angle = 2.0 * along + np.pi * y
    x = along[:, None] * np.stack([np.cos(angle), np.sin(angle)], axis=1) / 1.5
    return x + rng.normal(scale=0.05, size=x.shape), y[:, None].astype(np.float64)


def gaussians(m: int, seed: int, noise: float) -> Data:
    """m points around (1, 1) and (-1, -1), (m, 2), labelled by which, (m, 1); of the labels ``noise`` are flipped."""
    rng = np.random.default_rng(seed)
    y = np.arange(m) % 2
    x = rng.normal(size=(m, 2)) + np.where(y[:, None] == 1, 1.0, -1.0)
    flipped = rng.permutation(m) < noise * m
    return x, np.where(flipped, 1 - y, y)[:, None].astype(np.float64)


def idx(path: Path) -> np.ndarray:
    """The array in a file of MNIST's IDX format, also a compressed one.

    Raises ValueError where it is no such file, or holds fewer elements than it says.
    """
    data = path.read_bytes()
    if data[:2] == b"\x1f\x8b":
        data = gzip.decompress(data)
    axes = _IDX_MAGIC.get(int.from_bytes(data[:4], "big"))
    if axes is None:
        raise ValueError(f"{path}: no IDX file of MNIST's labels or images")
    shape = tuple(int.from_bytes(data[4 * i : 4 * i + 4], "big") for i in range(1, axes + 1))
    start, count = 4 * (axes + 1), int(np.prod(shape))
    if len(data) != start + count:
        raise ValueError(f"{path}: holds {len(data) - start} bytes of elements, {count} are due for shape {shape}")
    return np.frombuffer(data, np.uint8, count, start).reshape(shape)


def mnist(folder: Path) -> Data:
    """MNIST's 60000 training pictures as rows of 784 in [0, 1], and their labels, from its two files in ``folder``.

    Raises FileNotFoundError, naming what was looked for, where one is not there; ValueError where they do not belong
    together.
    """
    images, labels = (idx(_found(folder, name)) for name in ("train-images-idx3-ubyte", "train-labels-idx1-ubyte"))
    if len(images) != len(labels):
        raise ValueError(f"{folder}: {len(images)} images and {len(labels)} labels do not belong together")
    return images.reshape(len(images), -1) / 255, labels.astype(np.int64)


def _found(folder: Path, name: str) -> Path:
    for path in (folder / name, folder / f"{name}.gz"):
        if path.is_file():
            return path
    raise FileNotFoundError(f"{folder}: holds neither {name} nor {name}.gz")
