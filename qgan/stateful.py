"""What may remember something from step to step: terms, objectives and engines."""

from __future__ import annotations

from typing import Any

__all__ = ["Stateful"]


class Stateful:
    """Base of whatever a checkpoint asks for its state; as it stands it remembers nothing."""

    def state_dict(self) -> dict[str, Any]:
        """What the next step depends on, as tensors and plain data."""
        return {}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Continue from :meth:`state_dict`."""
