"""Records of any task, for a model of several."""
