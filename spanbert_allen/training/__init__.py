"""What training needs beyond AllenNLP's trainer."""

import spanbert_allen.compat  # noqa: F401  AllenNLP is mended first
