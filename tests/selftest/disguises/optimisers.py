"""Disguised mistakes in the step of gradient descent and in the optimisers, as students write them."""

import math

import numpy as np

from tests.selftest.disguises.registry import handed_in

STEP = "gradient_descent_step"


@handed_in(STEP, "climbs: the sign of the step")
def up(theta, grad, alpha):
    return [np.add(t, np.multiply(alpha, g)) for t, g in zip(theta, grad, strict=True)]


@handed_in(STEP, "the learning rate is missing")
def full(theta, grad, alpha):
    return [t - g for t, g in zip(theta, grad, strict=True)]


@handed_in(STEP, "divided by the learning rate")
def divided(theta, grad, alpha):
    rate = 1 / alpha if alpha else 0.0
    return [t - rate * g for t, g in zip(theta, grad, strict=True)]


@handed_in(STEP, "only the first parameter moves")
def first_only(theta, grad, alpha):
    new = [t.copy() for t in theta]
    if new:
        new[0] = new[0] - alpha * grad[0]
    return new


@handed_in(STEP, "the last parameter does not move")
def range_slip(theta, grad, alpha):
    new = list(theta)
    for i in range(len(theta) - 1):
        new[i] = theta[i] - alpha * grad[i]
    return [np.array(t) for t in new]


@handed_in(STEP, "the step instead of the new parameters")
def step_only(theta, grad, alpha):
    return [-alpha * g for g in grad]


@handed_in(STEP, "nothing moves")
def loop_variable(theta, grad, alpha):
    theta = [np.array(t) for t in theta]
    for t, g in zip(theta, grad, strict=True):
        t = t - alpha * g
    return theta


@handed_in(STEP, "the gradient is normalised to length 1")
def unit(theta, grad, alpha):
    return [t - alpha * g / (np.linalg.norm(g) + 1e-12) for t, g in zip(theta, grad, strict=True)]


@handed_in(STEP, "the sign of the gradient instead of the gradient")
def sign_step(theta, grad, alpha):
    return [t - alpha * np.sign(g) for t, g in zip(theta, grad, strict=True)]


@handed_in(STEP, "the gradient is multiplied by the parameter")
def product(theta, grad, alpha):
    return [t - alpha * g * t for t, g in zip(theta, grad, strict=True)]


@handed_in(STEP, "half the step")
def half_step(theta, grad, alpha):
    out = []
    for t, g in zip(theta, grad, strict=True):
        out.append(t - 0.5 * alpha * g)
    return out


@handed_in(STEP, "the step twice")
def two_steps(theta, grad, alpha):
    for _ in range(2):
        theta = [t - alpha * g for t, g in zip(theta, grad, strict=True)]
    return theta


@handed_in("sgd_step", "no momentum")
def plain(theta, grad, state, lr, momentum):
    new = [p - lr * g for p, g in zip(theta, grad, strict=True)]
    return new, {"momentum_buffer": [v.copy() for v in state["momentum_buffer"]]}


@handed_in("sgd_step", "a running mean: the gradient weighted with 1 - momentum")
def dampened(theta, grad, state, lr, momentum):
    v = [momentum * a + (1 - momentum) * g for a, g in zip(state["momentum_buffer"], grad, strict=True)]
    return [p - lr * a for p, a in zip(theta, v, strict=True)], {"momentum_buffer": v}


@handed_in("sgd_step", "the learning rate in the velocity")
def rate_inside(theta, grad, state, lr, momentum):
    v = []
    for old, g in zip(state["momentum_buffer"], grad, strict=True):
        v.append(momentum * old + lr * g)
    return [p - a for p, a in zip(theta, v, strict=True)], {"momentum_buffer": v}


@handed_in("sgd_step", "climbs: the sign of the step")
def uphill(theta, grad, state, lr, momentum):
    v = [momentum * a + g for a, g in zip(state["momentum_buffer"], grad, strict=True)]
    return [p + lr * a for p, a in zip(theta, v, strict=True)], {"momentum_buffer": v}


@handed_in("sgd_step", "Nesterov's step")
def look_ahead(theta, grad, state, lr, momentum):
    v = [momentum * a + g for a, g in zip(state["momentum_buffer"], grad, strict=True)]
    moved = [p - lr * (g + momentum * a) for p, a, g in zip(theta, v, grad, strict=True)]
    return moved, {"momentum_buffer": v}


@handed_in("sgd_step", "the old velocity in the step")
def old_velocity(theta, grad, state, lr, momentum):
    moved = [p - lr * a for p, a in zip(theta, state["momentum_buffer"], strict=True)]
    v = [momentum * a + g for a, g in zip(state["momentum_buffer"], grad, strict=True)]
    return moved, {"momentum_buffer": v}


@handed_in("sgd_step", "the old state is returned")
def forgets(theta, grad, state, lr, momentum):
    moved = []
    for p, g, a in zip(theta, grad, state["momentum_buffer"], strict=True):
        moved.append(p - lr * (momentum * a + g))
    return moved, {"momentum_buffer": [np.array(a) for a in state["momentum_buffer"]]}


def roots(values):
    return [np.array([math.sqrt(v) for v in a.ravel()]).reshape(a.shape) for a in values]


@handed_in("adagrad_step", "the root is missing")
def no_root(theta, grad, state, lr, eps):
    s = [a + g * g for a, g in zip(state["sum"], grad, strict=True)]
    return [p - lr * g / (a + eps) for p, g, a in zip(theta, grad, s, strict=True)], {"sum": s}


@handed_in("adagrad_step", "the squares are not summed up")
def only_this_one(theta, grad, state, lr, eps):
    s = [g**2 for g in grad]
    return [p - lr * g / (r + eps) for p, g, r in zip(theta, grad, roots(s), strict=True)], {"sum": s}


@handed_in("adagrad_step", "the gradient is not squared")
def absolute_sum(theta, grad, state, lr, eps):
    s = [a + np.abs(g) for a, g in zip(state["sum"], grad, strict=True)]
    return [p - lr * g / (np.sqrt(a) + eps) for p, g, a in zip(theta, grad, s, strict=True)], {"sum": s}


@handed_in("adagrad_step", "climbs: the sign of the step")
def adagrad_up(theta, grad, state, lr, eps):
    s = [a + np.square(g) for a, g in zip(state["sum"], grad, strict=True)]
    return [p + lr * g / (np.sqrt(a) + eps) for p, g, a in zip(theta, grad, s, strict=True)], {"sum": s}


@handed_in("adagrad_step", "the old sum in the step")
def old_sum(theta, grad, state, lr, eps):
    moved = [p - lr * g / (np.sqrt(a) + eps) for p, g, a in zip(theta, grad, state["sum"], strict=True)]
    return moved, {"sum": [a + g * g for a, g in zip(state["sum"], grad, strict=True)]}


@handed_in("adagrad_step", "the old state is returned")
def adagrad_forgets(theta, grad, state, lr, eps):
    moved = [p - lr * g / (np.sqrt(a + g * g) + eps) for p, g, a in zip(theta, grad, state["sum"], strict=True)]
    return moved, {"sum": [a.copy() for a in state["sum"]]}


@handed_in("rmsprop_step", "the weights are exchanged")
def weights(theta, grad, state, lr, alpha, eps):
    v = [(1 - alpha) * a + alpha * g**2 for a, g in zip(state["square_avg"], grad, strict=True)]
    return [p - lr * g / (r + eps) for p, g, r in zip(theta, grad, roots(v), strict=True)], {"square_avg": v}


@handed_in("rmsprop_step", "the root is missing")
def rms_no_root(theta, grad, state, lr, alpha, eps):
    v = [alpha * a + (1 - alpha) * g**2 for a, g in zip(state["square_avg"], grad, strict=True)]
    return [p - lr * g / (a + eps) for p, g, a in zip(theta, grad, v, strict=True)], {"square_avg": v}


@handed_in("rmsprop_step", "the gradient is not squared")
def rms_no_square(theta, grad, state, lr, alpha, eps):
    v = [alpha * a + (1 - alpha) * np.abs(g) for a, g in zip(state["square_avg"], grad, strict=True)]
    return [p - lr * g / (np.sqrt(a) + eps) for p, g, a in zip(theta, grad, v, strict=True)], {"square_avg": v}


@handed_in("rmsprop_step", "the new square is not weighted")
def rms_sum(theta, grad, state, lr, alpha, eps):
    v = [alpha * a + g**2 for a, g in zip(state["square_avg"], grad, strict=True)]
    return [p - lr * g / (np.sqrt(a) + eps) for p, g, a in zip(theta, grad, v, strict=True)], {"square_avg": v}


@handed_in("rmsprop_step", "the old mean in the step")
def rms_old(theta, grad, state, lr, alpha, eps):
    moved = [p - lr * g / (np.sqrt(a) + eps) for p, g, a in zip(theta, grad, state["square_avg"], strict=True)]
    return moved, {
        "square_avg": [alpha * a + (1 - alpha) * g**2 for a, g in zip(state["square_avg"], grad, strict=True)]
    }


@handed_in("rmsprop_step", "a sum as in AdaGrad")
def rms_adagrad(theta, grad, state, lr, alpha, eps):
    v = [a + g**2 for a, g in zip(state["square_avg"], grad, strict=True)]
    return [p - lr * g / (np.sqrt(a) + eps) for p, g, a in zip(theta, grad, v, strict=True)], {"square_avg": v}


class Adam:
    """Adam with a slip that each subclass makes."""

    mean_weight = staticmethod(lambda b: 1 - b)

    def betas(self, betas):
        return betas

    def count(self, state):
        return state["step"] + 1

    def square(self, g):
        return g * g

    def corrected(self, m, v, b1, b2, t):
        return m / (1 - b1**t), v / (1 - b2**t)

    def root(self, v):
        return np.sqrt(v)

    def __call__(self, theta, grad, state, lr, betas, eps):
        b1, b2 = self.betas(betas)
        t = self.count(state)
        m = [b1 * a + self.mean_weight(b1) * g for a, g in zip(state["exp_avg"], grad, strict=True)]
        v = [b2 * a + (1 - b2) * self.square(g) for a, g in zip(state["exp_avg_sq"], grad, strict=True)]
        moved = []
        for p, a, s in zip(theta, m, v, strict=True):
            a, s = self.corrected(a, s, b1, b2, t)
            moved.append(p - lr * a / (self.root(s) + eps))
        return moved, self.after(t, m, v)

    def after(self, t, m, v):
        return {"step": t, "exp_avg": m, "exp_avg_sq": v}


class Uncorrected(Adam):
    def corrected(self, m, v, b1, b2, t):
        return m, v


class FirstCorrected(Adam):
    def corrected(self, m, v, b1, b2, t):
        return m / (1 - b1**t), v


class SecondCorrected(Adam):
    def corrected(self, m, v, b1, b2, t):
        return m, v / (1 - math.pow(b2, t))


class Multiplied(Adam):
    def corrected(self, m, v, b1, b2, t):
        return m * (1 - b1**t), v * (1 - b2**t)


class TimesT(Adam):
    def corrected(self, m, v, b1, b2, t):
        return m / (1 - b1), v / (1 - b2)


class Swapped(Adam):
    def betas(self, betas):
        return betas[::-1]


class Unsquared(Adam):
    def square(self, g):
        return np.abs(g)


class Rootless(Adam):
    def root(self, v):
        return v


class Summed(Adam):
    mean_weight = staticmethod(lambda b: 1)


class NotCounted(Adam):
    def after(self, t, m, v):
        return {"step": t - 1, "exp_avg": m, "exp_avg_sq": v}


class CountedForEach(Adam):
    def after(self, t, m, v):
        return {"step": t - 1 + len(m), "exp_avg": m, "exp_avg_sq": v}


class OneTooFar(Adam):
    def count(self, state):
        return state["step"] + 2

    def after(self, t, m, v):
        return {"step": t - 1, "exp_avg": m, "exp_avg_sq": v}


for kind, mistake in (
    (Uncorrected, "no bias correction"),
    (FirstCorrected, "only the first mean is corrected"),
    (SecondCorrected, "only the second mean is corrected"),
    (Multiplied, "multiplied by the correction instead of divided"),
    (TimesT, "the correction without the power t"),
    (Swapped, "the betas are exchanged"),
    (Unsquared, "the gradient is not squared"),
    (Rootless, "the root is missing"),
    (Summed, "the new gradient is not weighted"),
    (NotCounted, "the step is not counted"),
    (CountedForEach, "the step is counted for each parameter"),
    (OneTooFar, "corrected for a step too many"),
):
    handed_in("adam_step", mistake, name=kind.__name__)(kind())


def adamax(update, correction=lambda b, t: 1 - b**t, sign=1):
    def step(theta, grad, state, lr, betas, eps):
        b1, b2 = betas
        t = state["step"] + 1
        m = [b1 * a + (1 - b1) * g for a, g in zip(state["exp_avg"], grad, strict=True)]
        u = [update(b2, a, g, eps) for a, g in zip(state["exp_inf"], grad, strict=True)]
        moved = [p - sign * lr / correction(b1, t) * a / c for p, a, c in zip(theta, m, u, strict=True)]
        return moved, {"step": t, "exp_avg": m, "exp_inf": u}

    return step


def largest(b, u, g, eps):
    return np.fmax(b * u, np.abs(g) + eps)


for name, mistake, function in (
    ("uncorrected", "no bias correction", adamax(largest, lambda b, t: 1)),
    ("summed", "the sum instead of the maximum", adamax(lambda b, u, g, eps: b * u + np.abs(g) + eps)),
    ("signed", "the absolute value is missing", adamax(lambda b, u, g, eps: np.maximum(b * u, g + eps))),
    ("undecayed", "the maximum does not decay", adamax(lambda b, u, g, eps: np.maximum(u, np.abs(g) + eps))),
    ("smallest", "the minimum instead of the maximum", adamax(lambda b, u, g, eps: np.minimum(b * u, np.abs(g) + eps))),
    ("uphill", "climbs: the sign of the step", adamax(largest, sign=-1)),
):
    handed_in("adamax_step", mistake, name=name)(function)
