"""Repairs of AllenNLP 2.10.1 for newer versions of what it runs on."""
