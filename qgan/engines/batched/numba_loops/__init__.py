"""The batched engine on a CPU: compiled loops take a few samples at a time through a circuit."""
