"""Words to word pieces, word pieces to segments."""
