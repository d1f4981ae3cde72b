"""Predictors: a user's own text in, spans with offsets into that text out."""

if __name__ != "spanbert_allen.predictors":
    raise ImportError("import spanbert_allen.predictors, not predictors: each class registers once")
