"""Raw text to a corpus of word pieces, that to blocks, and blocks to masked batches."""
