"""Raw text for pre-training, and the corpus of word pieces that is made of it."""
