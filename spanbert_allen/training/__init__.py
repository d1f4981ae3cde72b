"""What training needs beyond AllenNLP's trainer."""
