"""TACRED, SemEval-2010 and JSON lines of relations."""
