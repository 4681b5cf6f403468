"""The page in a browser on which a person turns z and watches the state change."""
