"""Tolerances of the whole test suite: one name for each reason why numbers differ."""

EXACT = {"rtol": 0.0, "atol": 1e-10}
"""Double precision on both sides, the same formula or another one."""

SINGLE = {"rtol": 0.0, "atol": 1e-5}
"""One side in complex64."""

LIGHTNING = {"rtol": 0.0, "atol": 1e-6}
"""One side from lightning, whose values pass through float32 in PennyLane's torch interface."""

FINITE_DIFFERENCE = {"rtol": 0.0, "atol": 1e-7}
"""A gradient in double precision against central differences of step 1e-5."""

EIGENVECTORS = {"rtol": 0.0, "atol": 1e-6}
"""States made of a density matrix: eigenvalues err by 1e-16, factors by the root of that."""

LIGHTNING_GRADIENT = {"rtol": 0.0, "atol": 1e-4}
"""A gradient of lightning against central differences in double precision."""

FIDELITY = {"rtol": 0.0, "atol": 1e-6}
"""Uhlmann's fidelity against square roots of singular matrices, which lose half the digits."""

OPTIMUM = {"rtol": 0.0, "atol": 1e-4}
"""An optimum found by iteration, where a sigmoid has to reach zero or one."""

PROOF = {"rtol": 0.0, "atol": 1e-3}
"""An objective's optimum found by training, where it has a kink or lies at infinity."""
