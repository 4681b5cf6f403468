"""Functions of the bits of label and latent, which trained numbers multiply to give angles."""

from dataclasses import dataclass, replace
from itertools import combinations

from circuits.registers import Registers

__all__ = ["BitFunction", "polynomials", "single_bits"]

Word = tuple[tuple[int, ...], float]
"""Wires of registers, the Z of which a rotation is about, and the fixed factor of its angle."""
Sum = dict[tuple[int, ...], float]
"""The factors of words by their wires."""

CORRECTION = 0.2
"""Factor of the sign of the first bit beside polynomials of z."""


@dataclass(frozen=True)
class BitFunction:
    """A function of bits that one trained number of each rotation multiplies.

    ``f(bits) = sum over words of factor * prod over wires of the word of (-1)^bit``.

    Args:
        words: the words, each of which is one gate for each rotation of the ansatz.
        noise: place of the function whose noise its trained number starts from.
        start: times that noise.
    """

    words: tuple[Word, ...]
    noise: int
    start: float = 1.0

    def __call__(self, bits: dict[int, int]) -> float:
        """The value for the bits of the register wires.

        Example:
            >>> BitFunction((((1, 2), 0.5),), 0)({1: 1, 2: 0})
            -0.5
        """
        return sum(
            factor * (1 - 2 * (sum(bits[wire] for wire in wires) % 2))
            for wires, factor in self.words
        )


def single_bits(registers: Registers, n_latent: int, n_controls: int = 1) -> list[BitFunction]:
    """A constant and the sign of each bit, times the constant and the sign of each label bit.

    The sign of bit k of a latent has the factor ``2^(-k/2)``, by which less significant bits learn
    more slowly. All bits of a latent start from the noise of the first of them, times another
    ``2^(-k/2)``, so that the angles start as affine functions of z. Where two bits control a
    rotation, their number starts with a tenth of its noise.

    Args:
        registers: label and latent wires.
        n_latent: entries of z, which share the latent wires equally.
        n_controls: most latent bits in a word.

    Example:
        >>> len(single_bits(Registers(output=4, label=1, latent=12), n_latent=2))
        26
    """
    functions = [BitFunction((((), 1.0),), 0)]
    for bits in _latents(registers, n_latent):
        top = len(functions)
        for k, wire in enumerate(bits):
            functions.append(BitFunction((((wire,), 2 ** (-k / 2)),), top, 2 ** (-k / 2)))
    if n_controls > 1:
        singles = [function.words[0] for function in functions[1:]]
        for (one, factor), (other, second) in combinations(singles, 2):
            word = ((*one, *other), factor * second)
            functions.append(BitFunction((word,), len(functions), 0.1))
    return _for_labels(functions, registers)


def polynomials(registers: Registers, n_latent: int, degree: int) -> list[BitFunction]:
    """Polynomials of each latent, with small corrections for its bits, times signs of label bits.

    With the signs ``s_k = (-1)^(bit k)`` the number in the bits is ``z = -sum_k 2^(-k-1) s_k``. So
    the polynomials of Chebyshev, ``T_1 = z``, ``T_2 = 2 z^2 - 1``, .., are sums over words of at
    most as many bits as their degree, without their means. Neighbouring values of z give
    neighbouring angles. The sign of bit k has a number of its own too, whose factor ``0.2 * 2^-k``
    lets it learn more slowly than a slope, whose order of z it may break. Slopes start from
    twice the noise of the constant, higher degrees from half of it, and corrections from none.

    Args:
        registers: label and latent wires.
        n_latent: entries of z, which share the latent wires equally.
        degree: the highest degree, at least 1.

    References:
        Products of signs are the Walsh functions; a rotation whose angle is any function of bits:
        Mottonen et al., Phys. Rev. Lett. 93, 130502 (2004).

    Example:
        >>> len(polynomials(Registers(output=4, label=1, latent=12), n_latent=2, degree=3))
        38
    """
    functions = [BitFunction((((), 1.0),), 0)]
    for bits in _latents(registers, n_latent):
        for place, words in enumerate(_chebyshev(bits, degree)):
            functions.append(BitFunction(words, len(functions), 0.5 if place else 2.0))
        for k, wire in enumerate(bits):
            functions.append(BitFunction((((wire,), CORRECTION * 2.0**-k),), len(functions), 0.0))
    return _for_labels(functions, registers)


def _latents(registers: Registers, n_latent: int) -> list[range]:
    """The wires of each latent, the most significant first."""
    n_bits = registers.n_latent_wires // max(1, n_latent)
    first = registers.latent.start
    return [range(first + k * n_bits, first + (k + 1) * n_bits) for k in range(n_latent)]


def _for_labels(functions: list[BitFunction], registers: Registers) -> list[BitFunction]:
    """Each function, and its product with the sign of each bit of the label."""
    labels: list[tuple[int, ...]] = [(), *((wire,) for wire in registers.label)]
    return [
        replace(
            function,
            words=tuple(((*label, *wires), factor) for wires, factor in function.words),
            noise=function.noise * len(labels) + place,
        )
        for function in functions
        for place, label in enumerate(labels)
    ]


def _chebyshev(bits: range, degree: int) -> list[tuple[Word, ...]]:
    """The words of ``T_1``, ``T_2``, .. of the number in some bits, without their means.

    There are no more of them than bits, and none without words.
    """
    weight = {wire: -(2.0 ** (-k - 1)) for k, wire in enumerate(bits)}
    before: Sum = {(): 1.0}
    last: Sum = {(wire,): w for wire, w in weight.items()}
    terms = [last]
    for _ in range(degree - 1):
        after = {wires: -factor for wires, factor in before.items()}  # T_d+1 = 2 z T_d - T_d-1
        for wires, factor in last.items():
            for wire, w in weight.items():  # the square of a sign is 1
                product = tuple(sorted({*wires} ^ {wire}))
                after[product] = after.get(product, 0.0) + 2 * w * factor
        before, last = last, after
        terms.append(last)
    return [
        tuple((wires, factor) for wires, factor in sorted(one.items()) if wires and factor)
        for one in terms[: len(bits)]
    ]
