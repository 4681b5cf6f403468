"""The batched engine in operations of torch: the batch is one tensor, on any device."""
