"""Words to word pieces, word pieces to segments, and examples of each task to instances."""
