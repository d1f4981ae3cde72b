"""The SpanBERT embedder and what it is made of."""
