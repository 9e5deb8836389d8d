"""What every step may use: threads, progress, whole files, Arrow tables."""
