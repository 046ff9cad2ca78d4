"""What buyers do, in several files."""
