"""Files of text to documents, questions and examples, and back; without torch or AllenNLP."""
