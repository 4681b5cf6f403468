"""What turns z and looks: sweeps and pictures."""
