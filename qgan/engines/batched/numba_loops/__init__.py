"""The batched engine on a CPU: a circuit as one compiled loop over a few samples at a time."""
