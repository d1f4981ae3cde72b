"""Relations: a text and entities in, labels of pairs out."""
