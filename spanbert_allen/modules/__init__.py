"""The parts of a model: the encoder and what stands on it."""
