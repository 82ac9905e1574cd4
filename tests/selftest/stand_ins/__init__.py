"""Stand-ins for a GPU, so that the paths of CUDA and CuPy are walked on any machine. They prove nothing of values."""
