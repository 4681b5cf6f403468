"""The page on which a person turns z and watches the state change."""
