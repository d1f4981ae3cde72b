"""Results in colour on a terminal."""
