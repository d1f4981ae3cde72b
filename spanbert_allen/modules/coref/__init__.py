"""The parts of a coreference model, from word pieces to clusters."""
