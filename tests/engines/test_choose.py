"""The choice of an engine: candidates are timed or refused, and the fastest exact one is taken."""

from __future__ import annotations

import pytest
from small_circuits import reuploading

from qgan.engines import BatchedEngine, PennyLaneEngine
from qgan.engines.choose import Candidate, Timing, candidates, choose, time_engines
from qgan.engines.pennylane.noise import depolarising_gates
from qgan.errors import QganError

OURS = Candidate("batched", None, "adjoint")
BACKPROP = Candidate("pennylane", "default.qubit", "backprop")
SHIFT = Candidate("pennylane", "default.qubit", "parameter-shift")
MISSING = Candidate("pennylane", "no.such.device", "adjoint")


def test_every_candidate_gets_a_row_with_a_time_or_a_reason() -> None:
    rows = time_engines(reuploading(), 4, among=[OURS, BACKPROP, MISSING], budget=0.2)
    assert [row.candidate for row in rows] == [OURS, BACKPROP, MISSING]
    assert all(row.seconds is not None and row.seconds > 0 for row in rows[:2])
    assert all(row.exact and row.memory is not None and row.memory > 0 for row in rows[:2])
    assert rows[2].seconds is None and "no.such.device" in (rows[2].why_not or "")


def test_devices_without_states_are_refused_to_views_that_read_them() -> None:
    lightning = Candidate("pennylane", "lightning.qubit", "adjoint")
    (row,) = time_engines(reuploading(), 2, needs_states=True, among=[lightning])
    assert row.seconds is None and "gives no states" in (row.why_not or "")
    (row,) = time_engines(reuploading(), 2, among=[lightning])
    assert row.seconds is not None


def test_slow_devices_are_timed_on_one_sample() -> None:
    (row,) = time_engines(reuploading(), 1000, among=[SHIFT], budget=0.01)
    assert row.extrapolated and row.seconds is not None and row.seconds > 0.01


def test_shots_make_values_inexact_and_rule_our_engine_out() -> None:
    ours, shift = time_engines(reuploading(), 1, shots=10, among=[OURS, SHIFT])
    assert ours.seconds is None and "shots" in (ours.why_not or "")
    assert shift.seconds is not None and not shift.exact


def test_noise_rules_out_every_engine_without_it() -> None:
    mixed = Candidate("pennylane", "default.mixed", "backprop")
    for noise in ({"noise": depolarising_gates(0.1)}, {"readout": 0.1}):
        ours, backprop, noisy = time_engines(
            reuploading(), 1, **noise, among=[OURS, BACKPROP, mixed]
        )
        for row in (ours, backprop):
            assert row.seconds is None and "must be default.mixed" in (row.why_not or "")
        assert choose([ours, backprop, noisy]) is noisy


def test_the_fastest_exact_one_is_taken() -> None:
    slow, fast = Timing(OURS, 2.0), Timing(BACKPROP, 1.0)
    inexact, refused = Timing(SHIFT, 0.1, exact=False), Timing(MISSING, why_not="gone")
    assert choose([refused, slow, fast, inexact]) is fast
    assert choose([refused, inexact]) is inexact
    with pytest.raises(QganError, match=r"no engine serves .*gone"):
        choose([refused])


def test_candidates_build_the_engines_they_name() -> None:
    assert OURS in candidates() and BACKPROP in candidates()
    assert isinstance(OURS.build(), BatchedEngine)
    built = SHIFT.build()
    assert isinstance(built, PennyLaneEngine) and built.diff_method == "parameter-shift"


def test_an_empty_batch_is_refused() -> None:
    with pytest.raises(QganError, match="`batch` must be at least 1, but got 0"):
        time_engines(reuploading(), 0)
