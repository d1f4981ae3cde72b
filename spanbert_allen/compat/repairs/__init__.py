"""Repairs of AllenNLP 2.10.1 that hold whatever it runs on."""
