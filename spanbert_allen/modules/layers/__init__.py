"""Building blocks that know no task."""
