"""Numbers that are read off states without running a circuit, and the gradients that they give.

Complex arrays come as real ones, with real and imaginary parts on the last axis. Words are read as
:mod:`qgan.engines.batched.numba_loops.observables` says. The entries of density matrices stand as
:class:`qgan.views.DensityView` says: D numbers of the diagonal, then those above it, row by row, as
``root`` times their real parts and ``root`` times their imaginary parts.
"""

from __future__ import annotations

import numpy as np

from qgan.engines.batched.numba_loops.compiling import kernel
from qgan.engines.batched.numba_loops.lanes import load_lanes, store_lanes
from qgan.engines.batched.numba_loops.observables import pull_expectations, read_expectations

__all__ = ["pull_entries", "pull_values", "read_entries", "read_values"]


@kernel(whole=True)
def read_values(factor, words, values, bounds):
    """Write the values of words, ``(lanes, K)``, of factors ``(B, D, r, 2)``, chunk by chunk."""
    for chunk in range(len(bounds) - 1):
        first, w = bounds[chunk], bounds[chunk + 1] - bounds[chunk]
        psi = np.empty(factor.shape[1] * 2 * w, factor.dtype)
        load_lanes(psi, w, factor, first)
        read_expectations(psi, w, words, values, first)


@kernel(whole=True)
def pull_values(factor, words, of_values, of_factor, bounds):
    """Write ``2 sum_k g_k P_k A``, where g is a loss's gradient of the values ``(B, K)``."""
    for chunk in range(len(bounds) - 1):
        first, w = bounds[chunk], bounds[chunk + 1] - bounds[chunk]
        psi = np.empty(factor.shape[1] * 2 * w, factor.dtype)
        g = np.empty(len(psi), factor.dtype)
        load_lanes(psi, w, factor, first)
        pull_expectations(psi, g, w, words, of_values, factor.shape[2], first)
        store_lanes(g, w, of_factor, first)


@kernel(whole=True)
def read_entries(source, root, entries, first, stop):
    """Write entries ``(B, D^2)`` of vectors ``(B, D, 1, 2)`` or of matrices ``(B, D, D, 2)``.

    A row is written in full: what lies before its part above the diagonal belongs to rows that are
    written after it, or to the diagonal, which is written last. So all loops have one length, and
    the processor takes many numbers at once.
    """
    dimension, pure = source.shape[1], source.shape[2] == 1
    pairs, width = dimension * (dimension - 1) // 2, np.uint64(dimension)
    re, im = np.empty(dimension, source.dtype), np.empty(dimension, source.dtype)
    for b in range(first, stop):
        numbers = entries[b]
        for i in range(dimension):
            re[i], im[i] = source[b, i, 0, 0], source[b, i, 0, 1]
        for part in (1, 0):
            for i in range(dimension - 2, -1, -1):
                end = (i + 2) * dimension - (i + 1) * (i + 2) // 2 + part * pairs
                at, row = np.uint64(end - dimension), source[b, i]
                x, y = root * re[i], root * im[i]
                if not pure:
                    for j in range(width):
                        numbers[at + j] = root * row[j, part]
                elif part:
                    for j in range(width):
                        numbers[at + j] = y * re[j] - x * im[j]
                else:
                    for j in range(width):
                        numbers[at + j] = x * re[j] + y * im[j]
        for i in range(dimension):
            numbers[i] = re[i] * re[i] + im[i] * im[i] if pure else source[b, i, i, 0]


@kernel()
def pull_to_matrix(numbers, root, of_matrix):
    """Write the gradient of a matrix ``(D, D, 2)``, below whose diagonal nothing was read."""
    dimension = len(of_matrix)
    at, pairs = dimension, dimension * (dimension - 1) // 2
    for i in range(dimension):
        for j in range(i):
            of_matrix[i, j, 0] = of_matrix[i, j, 1] = 0
        of_matrix[i, i, 0], of_matrix[i, i, 1] = numbers[i], 0
        for j in range(i + 1, dimension):
            of_matrix[i, j, 0] = root * numbers[at]
            of_matrix[i, j, 1] = root * numbers[at + pairs]
            at += 1


@kernel()
def pull_to_vector(numbers, root, re, im, of_re, of_im):
    """Write the gradient ``2 H psi`` of a vector, where ``Tr[H rho] = sum_k g_k m_k(rho)``."""
    dimension = len(re)
    at, pairs = dimension, dimension * (dimension - 1) // 2
    for i in range(dimension):
        twice = numbers[i] + numbers[i]
        of_re[i], of_im[i] = twice * re[i], twice * im[i]
    for i in range(dimension - 1):
        rest = dimension - 1 - i
        real, imaginary = numbers[at : at + rest], numbers[at + pairs : at + pairs + rest]
        p, q, u, v = re[i + 1 :], im[i + 1 :], of_re[i + 1 :], of_im[i + 1 :]
        x, y = root * re[i], root * im[i]
        of_x, of_y = re.dtype.type(0), re.dtype.type(0)
        for j in range(rest):
            of_x += real[j] * p[j] - imaginary[j] * q[j]
            of_y += real[j] * q[j] + imaginary[j] * p[j]
        for j in range(rest):
            u[j] += real[j] * x + imaginary[j] * y
        for j in range(rest):
            v[j] += real[j] * y - imaginary[j] * x
        of_re[i] += root * of_x
        of_im[i] += root * of_y
        at += rest


@kernel(whole=True)
def pull_entries(source, root, of_entries, of_source, first, stop):
    """Write the gradient of vectors or matrices, from a loss's gradient of entries ``(B, D^2)``."""
    dimension, pure = source.shape[1], source.shape[2] == 1
    re, im = np.empty(dimension, source.dtype), np.empty(dimension, source.dtype)
    of_re, of_im = np.empty(dimension, source.dtype), np.empty(dimension, source.dtype)
    for b in range(first, stop):
        if not pure:
            pull_to_matrix(of_entries[b], root, of_source[b])
            continue
        for i in range(dimension):
            re[i], im[i] = source[b, i, 0, 0], source[b, i, 0, 1]
        pull_to_vector(of_entries[b], root, re, im, of_re, of_im)
        for i in range(dimension):
            of_source[b, i, 0, 0], of_source[b, i, 0, 1] = of_re[i], of_im[i]
