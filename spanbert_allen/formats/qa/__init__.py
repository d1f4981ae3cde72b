"""SQuAD and MRQA files."""
