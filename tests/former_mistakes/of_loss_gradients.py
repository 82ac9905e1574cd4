"""Mistakes in the gradients with which the losses begin backpropagation."""

import numpy as np

from tests.former_mistakes.registry import mistake
from tests.mistakes.networks import BACKWARD, backpropagated, logits_slope, softmax

MEAN_SQUARED_ERROR = "mean_squared_error"


@mistake("GRAD-MSE", "keeps the 2 of the square, which the 1/2 of the loss cancels")
def factor_two(*training):
    return backpropagated(*training, slopes={MEAN_SQUARED_ERROR: lambda h, y: 2 * (h - y) / y.size})


@mistake("GRAD-MSE", "divides by m where the mean over k outputs divides by mk")
def divided_by_the_examples_only(*training):
    return backpropagated(*training, slopes={MEAN_SQUARED_ERROR: lambda h, y: (h - y) / len(y)})


@mistake("GRAD-MSE", "sums over the batch where the formula takes the mean")
def sum_over_the_batch(*training):
    return backpropagated(*training, slopes={MEAN_SQUARED_ERROR: lambda h, y: (h - y) / y.shape[1]})


@mistake("GRAD-MSE", "takes y - y_hat, so that a step goes up")
def sign_of_the_error(*training):
    return backpropagated(*training, slopes={MEAN_SQUARED_ERROR: lambda h, y: (y - h) / y.size})


@mistake("GRAD-MSE", "takes the derivative of the absolute error")
def absolute_error(*training):
    return backpropagated(*training, slopes={MEAN_SQUARED_ERROR: lambda h, y: np.sign(h - y) / y.size})


@mistake("GRAD-BCE", "divides by m where the mean over k outputs divides by mk")
def binary_errors_divided_by_the_examples_only(*training):
    return backpropagated(*training, slopes={"binary_cross_entropy": lambda h, y: (h - y) / (h * (1 - h)) / len(y)})


@mistake("GRAD-BCE", "multiplies y_hat - y by the sigmoid's derivative again, which the loss cancels")
def derivative_of_the_sigmoid_twice(*training):
    return backpropagated(*training, slopes={"binary_cross_entropy": lambda h, y: (h - y) / y.size})


@mistake("GRAD-BCE", "leaves out the term of the negative class")
def negative_class_left_out(*training):
    return backpropagated(*training, slopes={"binary_cross_entropy": lambda h, y: -y / h / y.size})


@mistake("GRAD-BCE", "forgets the minus sign of the loss")
def minus_of_the_loss_forgotten(*training):
    return backpropagated(*training, slopes={"binary_cross_entropy": lambda h, y: (y / h - (1 - y) / (1 - h)) / y.size})


@mistake("GRAD-BCE", "takes the logarithm to base 2")
def logarithm_to_base_two(*training):
    return backpropagated(
        *training, slopes={"binary_cross_entropy": lambda h, y: (h - y) / (h * (1 - h)) / y.size / np.log(2)}
    )


@mistake("GRAD-BCE", "clips the probabilities to [0.1, 0.9], and beyond nothing is learnt")
def probabilities_clipped(*training):
    def of_the_clipped(h, y):
        inside = (h > 0.1) & (h < 0.9)
        return np.where(inside, (h - y) / (h * (1 - h)), 0) / y.size

    return backpropagated(*training, slopes={"binary_cross_entropy": of_the_clipped})


@mistake("GRAD-CE", "divides by mk where the sum over the classes is divided by m only")
def divided_by_the_classes_too(*training):
    return backpropagated(*training, slopes={"cross_entropy": lambda h, y: -y / h / y.size})


@mistake("GRAD-CE", "sums over the batch where the formula takes the mean")
def cross_entropy_summed_over_the_batch(*training):
    return backpropagated(*training, slopes={"cross_entropy": lambda h, y: -y / h})


@mistake("GRAD-CE", "takes the binary cross-entropy of every class")
def binary_cross_entropy_of_every_class(*training):
    return backpropagated(*training, slopes={"cross_entropy": lambda h, y: (h - y) / (h * (1 - h)) / len(y)})


@mistake("GRAD-CE", "forgets the minus sign of the loss")
def sign_of_the_cross_entropy(*training):
    return backpropagated(*training, slopes={"cross_entropy": lambda h, y: y / h / len(y)})


@mistake("GRAD-LOGITS", "counts the classes from 1, so that each label is that of the class before")
def labels_off_by_one(*training):
    return backpropagated(
        *training, slopes={"cross_entropy_with_logits": lambda z, y: logits_slope(z, (y - 1) % z.shape[1])}
    )


@mistake("GRAD-LOGITS", "takes the logits for probabilities, z - y, without the softmax")
def logits_without_softmax(*training):
    return backpropagated(
        *training, slopes={"cross_entropy_with_logits": lambda z, y: logits_slope(z, y, softmax=lambda z: z)}
    )


@mistake("GRAD-LOGITS", "applies the softmax twice, in the network and in the loss")
def softmax_twice(*training):
    def of_the_softmax(z, y):
        return BACKWARD["softmax"](logits_slope(softmax(z), y), z, softmax(z))

    return backpropagated(*training, slopes={"cross_entropy_with_logits": of_the_softmax})


@mistake("GRAD-LOGITS", "normalises the softmax over the batch where the classes of each example are due")
def softmax_over_the_batch(*training):
    def slope(z, y):
        return logits_slope(z, y, softmax=lambda z: np.exp(z) / np.exp(z).sum(axis=0))

    return backpropagated(*training, slopes={"cross_entropy_with_logits": slope})


@mistake("GRAD-LOGITS", "divides by mk where the loss is a mean over examples")
def logits_divided_by_the_classes_too(*training):
    return backpropagated(*training, slopes={"cross_entropy_with_logits": lambda z, y: logits_slope(z, y) / z.shape[1]})


@mistake("GRAD-SOFTMAX", "multiplies y_hat - y by the derivative of the softmax again, which the loss cancels")
def derivative_of_the_softmax_twice(*training):
    return backpropagated(*training, slopes={"cross_entropy": lambda h, y: (h - y) / len(y)})


@mistake("GRAD-SOFTMAX", "learns from misclassified examples only, as the perceptron did")
def misclassified_examples_only(*training):
    def slope(h, y):
        wrong = h.argmax(axis=1) != y.argmax(axis=1)
        return -y / h / len(y) * wrong[:, None]

    return backpropagated(*training, slopes={"cross_entropy": slope})


@mistake("GRAD-BROADCAST", "subtracts whatever y broadcasts to, as NumPy does unasked", bug="pytorch#4938")
def targets_broadcast(*training):
    return backpropagated(*training, slopes={MEAN_SQUARED_ERROR: lambda h, y: (h - y) / h.size})
