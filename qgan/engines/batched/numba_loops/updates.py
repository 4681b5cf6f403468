"""What the update of a discriminator does between its matrix products, each in one pass.

Rows are what :class:`qgan.training._rows.Rows` says, ``f`` is a leaky ReLU with some ``slope``
below zero, and ``f'`` is known from the sign of the activation. Sums over rows are taken in their
order.
"""

from __future__ import annotations

import numpy as np

from qgan.engines.batched.numba_loops.compiling import kernel

__all__ = ["descend", "enter", "follow", "leave", "push", "rise"]


@kernel(whole=True)
def enter(products, conditions, shares, weight, bias, slope, layer, size):
    """Write the first layer's activations, from the products of its weights with the views.

    Scored rows are the product of their state plus what their label adds. Real states stand in
    ``products`` once or, with wrong labels, twice; points mix the products of real and generated
    states.
    """
    n_labels, width = conditions.shape[1], len(bias)
    first = weight.shape[1] - n_labels
    real, fake = len(products) - 2 * size, len(products) - size
    n_shared = len(conditions) - len(products)
    by_label = np.empty((n_labels, width), layer.dtype)
    for k in range(n_labels):
        for j in range(width):
            by_label[k, j] = weight[j, first + k]
    own = np.empty(width, layer.dtype)
    for r in range(len(layer)):
        point = r - len(conditions)
        b = r % size
        labelled = r if point < 0 else len(conditions) - size + b
        for j in range(width):
            own[j] = bias[j]
        for k in range(n_labels):
            c = conditions[labelled, k]
            if c != 0:
                for j in range(width):
                    own[j] += c * by_label[k, j]
        if point < 0:
            at = r if r < n_shared else r - n_shared
            for j in range(width):
                x = products[at, j] + own[j]
                layer[r, j] = x if x > 0 else slope * x
        else:
            share = shares[point // size, b]
            for j in range(width):
                x = products[fake + b, j]
                x += share * (products[real + b, j] - x) + own[j]
                layer[r, j] = x if x > 0 else slope * x


@kernel(whole=True)
def rise(layer, bias, slope):
    """Turn products with a layer's weights into its activations."""
    for r in range(len(layer)):
        for j in range(len(bias)):
            x = layer[r, j] + bias[j]
            layer[r, j] = x if x > 0 else slope * x


@kernel(whole=True)
def descend(layer, slope, n_scored, back, of_bias):
    """Turn products ``d_{l+1} W_{l+1}``, of the last layer ``s' w``, into d_l.

    The gradient of the layer's bias is written too.
    """
    for j in range(len(of_bias)):
        of_bias[j] = 0
    for r in range(len(layer)):
        for j in range(len(of_bias)):
            d = back[r, j]
            back[r, j] = d if layer[r, j] > 0 else slope * d
        if r < n_scored:
            for j in range(len(of_bias)):
                of_bias[j] += back[r, j]


@kernel(whole=True)
def leave(back, conditions, of_weight, size, n_shared):
    """Write the gradient of what labels add; add up what belongs to one state.

    The first ``n_shared`` rows are states with wrong labels, which follow with their own.
    """
    n_labels, width = conditions.shape[1], back.shape[1]
    first = of_weight.shape[1] - n_labels
    by_label = np.zeros((n_labels, width), back.dtype)
    for r in range(len(conditions)):
        for k in range(n_labels):
            c = conditions[r, k]
            if c != 0:
                for j in range(width):
                    by_label[k, j] += c * back[r, j]
    for j in range(width):
        for k in range(n_labels):
            of_weight[j, first + k] = by_label[k, j]
    for r in range(n_shared):
        for j in range(width):
            back[size + r, j] += back[r, j]


@kernel(whole=True)
def push(slopes, lengths, pulls):
    """Turn slopes ``g`` into ``p'(|g|) g / |g|``; a slope of zero has no direction."""
    for r in range(len(slopes)):
        factor = pulls[r] / lengths[r] if lengths[r] > 0 else lengths.dtype.type(0)
        for k in range(slopes.shape[1]):
            slopes[r, k] *= factor


@kernel(whole=True)
def follow(products, slope, points):
    """Put ``t_l``, from products ``t_{l-1} W_l^T``, in the place of the points' activations."""
    for r in range(len(points)):
        for j in range(points.shape[1]):
            t = products[r, j]
            points[r, j] = t if points[r, j] > 0 else slope * t
