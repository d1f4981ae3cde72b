"""Question answering: questions and contexts in, answers with their probabilities out."""
