"""Mistakes in one-hot encoding."""

import numpy as np

from reference import one_hot
from tests.former_mistakes.memory import as_if_contiguous
from tests.former_mistakes.registry import mistake


@mistake("ONEHOT-VALUE", "counts the labels from 1")
def labels_counted_from_one(labels, k):
    return np.eye(k)[labels - 1]


@mistake("ONEHOT-VALUE", "counts the classes from the last one")
def classes_counted_from_the_last(labels, k):
    return one_hot(labels, k)[..., ::-1]


@mistake("ONEHOT-VALUE", "gives each class a row where each label is due one")
def row_for_each_class(labels, k):
    return np.arange(k)[:, np.newaxis] == labels


@mistake("ONEHOT-VALUE", "swaps 0 and 1")
def zero_and_one_swapped(labels, k):
    return 1 - one_hot(labels, k)


@mistake("ONEHOT-VALUE", "gives -1 for the other classes")
def minus_one_for_the_other_classes(labels, k):
    return 2 * one_hot(labels, k) - 1


@mistake("ONEHOT-VALUE", "smooths the labels")
def labels_smoothed(labels, k):
    return 0.9 * one_hot(labels, k) + 0.1 / k


@mistake("ONEHOT-VALUE", "sets all classes up to the label to 1")
def classes_up_to_the_label(labels, k):
    return np.arange(k) <= labels[..., np.newaxis]


@mistake("ONEHOT-VALUE", "takes the number of classes from the largest label that it sees")
def classes_counted_in_the_labels(labels, k):
    return np.eye(labels.max() + 1)[labels]


@mistake("ONEHOT-VALUE", "numbers the classes that occur anew")
def classes_numbered_anew(labels, k):
    return np.eye(k)[np.unique(labels, return_inverse=True)[1]]


@mistake("ONEHOT-VALUE", "sets the columns of all labels in every row: out[:, labels] = 1")
def columns_set_in_every_row(labels, k):
    out = np.zeros((*labels.shape, k))
    out[..., labels] = 1
    return out


@mistake("ONEHOT-VALUE", "puts the 1 of each example where the example stands in the batch")
def position_for_label(labels, k):
    return np.eye(labels.size, k)


@mistake("ONEHOT-VALUE", "gives two classes a single column")
def single_column_for_two_classes(labels, k):
    return labels[..., np.newaxis] if k == 2 else one_hot(labels, k)


@mistake("ONEHOT-PURE", "moves the labels of its argument to their places in the flat result")
def labels_moved_in_place(labels, k):
    out = np.zeros((*labels.shape, k))
    labels += k * np.arange(labels.size).reshape(labels.shape)
    out.flat[labels] = 1
    return out


@mistake("ONEHOT-PURE", "keeps one array for each shape, clears it and fills it again", remembers=True)
def result_array_reused():
    results = {}

    def reusing(labels, k):
        result = results.setdefault((labels.shape, k), np.zeros((*labels.shape, k)))
        result[...] = one_hot(labels, k)
        return result

    return reusing


@mistake("ONEHOT-PURE", "has one array of zeros for all calls and never clears it", remembers=True)
def zeros_never_cleared():
    zeros = {}

    def filling(labels, k):
        out = zeros.setdefault((labels.shape, k), np.zeros((*labels.shape, k)))
        np.put_along_axis(out, labels[..., np.newaxis], 1, axis=-1)
        return out

    return filling


@mistake("ONEHOT-RANGE", "takes a negative label for one counted from the last class")
def negative_labels_wrapped(labels, k):
    return np.eye(k)[labels]


@mistake("ONEHOT-RANGE", "gives a label out of range a row of zeros")
def row_of_zeros(labels, k):
    return labels[..., np.newaxis] == np.arange(k)


@mistake("ONEHOT-RANGE", "moves a label out of range to the nearest class")
def labels_clipped(labels, k):
    return one_hot(np.clip(labels, 0, k - 1), k)


@mistake("ONEHOT-RANGE", "takes labels modulo the number of classes")
def labels_modulo_k(labels, k):
    return one_hot(labels % k, k)


@mistake("ONEHOT-RANGE", "allows the label k")
def label_k_allowed(labels, k):
    return one_hot(labels, k + 1)[..., :k]


@mistake("ONEHOT-RANGE", "takes the label -100 for an example to be ignored, as torch's losses do")
def minus_100_ignored(labels, k):
    return one_hot(np.where(labels == -100, 0, labels), k) * (labels != -100)[..., np.newaxis]


@mistake("ONEHOT-RANGE", "checks the first label only")
def first_label_checked(labels, k):
    one_hot(labels.ravel()[:1], k)
    return one_hot(labels % k, k)


@mistake("ONEHOT-LABELS", "compares with class numbers in the dtype of the labels, where 256 is 0 again")
def class_numbers_in_the_dtype_of_the_labels(labels, k):
    return labels[..., np.newaxis] == np.arange(k).astype(labels.dtype)


@mistake("ONEHOT-LABELS", "computes the places of the ones in the dtype of the labels, where they wrap")
def places_in_the_dtype_of_the_labels(labels, k):
    out = np.zeros(labels.size * k)
    rows = (k * np.arange(labels.size)).astype(labels.dtype)
    out[rows + labels.ravel()] = 1
    return out.reshape(*labels.shape, k)


@mistake("ONEHOT-LABELS", "takes labels of one byte for a mask, as indexing in torch does")
def bytes_taken_for_a_mask(labels, k):
    return one_hot(labels.astype(bool).astype(np.int64) if labels.dtype == np.uint8 else labels, k)


@mistake("ONEHOT-LARGE", "keeps the labels in one byte each")
def labels_in_one_byte(labels, k):
    return one_hot(labels.astype(np.uint8), k)


@mistake("ONEHOT-LARGE", "encodes the first 2048 labels")
def first_2048_labels(labels, k):
    out = np.array(one_hot(labels, k))
    out[2048:] = 0
    return out


@mistake("ONEHOT-LAYOUT", "reads the labels as if they lay one after the other in memory")
def strides_ignored(labels, k):
    return one_hot(as_if_contiguous(labels), k)


@mistake("ONEHOT-LAYOUT", "steps forward through memory also where an axis runs backward")
def negative_strides_taken_for_positive(labels, k):
    return one_hot(labels[tuple(slice(None, None, -1 if stride < 0 else 1) for stride in labels.strides)], k)


@mistake("ONEHOT-SHAPES", "makes one long row of labels of all labels")
def labels_flattened(labels, k):
    return one_hot(labels.ravel(), k)


@mistake("ONEHOT-SHAPES", "puts the classes second, before the other axes of the labels")
def classes_second(labels, k):
    return np.moveaxis(one_hot(labels, k), -1, min(labels.ndim, 1))


@mistake("ONEHOT-SHAPES", "counts the examples with len, which a single label has not")
def examples_counted_with_len(labels, k):
    out = np.zeros((*labels.shape, k))
    for j in range(len(labels)):
        out[j] = one_hot(labels[j], k)
    return out
