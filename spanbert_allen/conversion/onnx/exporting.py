"""Write a trained model as a graph of ONNX, with all that a program needs to use it."""

from __future__ import annotations

from pathlib import Path

import torch
from allennlp.models import load_archive
from allennlp.models.archival import extracted_archive
from tokenizers.implementations import BertWordPieceTokenizer

from spanbert_allen.common.new_folder import checked_new_folder, new_folder
from spanbert_allen.common.paths import check_archive
from spanbert_allen.compat.repairs.archive_loading import errors_of
from spanbert_allen.conversion.onnx.graph import OPSET
from spanbert_allen.conversion.onnx.packages import require_packages
from spanbert_allen.conversion.onnx.tasks import onnx_task
from spanbert_allen.conversion.part import part_of
from spanbert_allen.encoders import EncoderFiles
from spanbert_allen.encoders.saved_encoder import to_json_bytes
from spanbert_allen.version import VERSION

FORMAT = "spanbert_allen.onnx/1"
"""What `model.json` says that it is."""


def export_onnx(
    archive: str | Path, folder: str | Path, *, quantised: bool = False, task: str | None = None
) -> None:
    """
    Write a trained model as a graph of ONNX: of a coreference model the encoder, of others all.

    The folder has `model.onnx`, `model.json`, which says what a program has to know about it, and
    `tokenizer.json` for the `tokenizers` library. It appears whole or not at all.

    # Parameters

    archive : `str | Path`
        A `model.tar.gz`.
    folder : `str | Path`
        To be made; it must not be there, or be empty.
    quantised : `bool`, optional (default = `False`)
        Whether the weights of the encoder are in 8 bits: see `GraphWriter`.
    task : `str`, optional (default = `None`)
        Of a model of several tasks, the name of the one to write.

    # Errors

    `DataError` for an archive that is none, `ConfigError` for a model that has no such form, or if
    a package is missing.
    """
    require_packages("--format onnx")
    folder = checked_new_folder(folder)
    check_archive(archive)
    with extracted_archive(archive) as extracted, errors_of(archive, extracted), torch.no_grad():
        loaded = load_archive(extracted)
        model, reader = part_of(loaded.model, loaded.validation_dataset_reader, task)
        written = onnx_task(model, reader, quantised=quantised)
        files = loaded.model.embedder.files
        description = {
            "format": FORMAT,
            "version": VERSION,
            "task": written.name,
            "opset": OPSET,
            "quantised": quantised,
            "max_positions": files.max_positions,
        }
        content = written.write()
        description |= written.graph.ends() | written.settings()
        with new_folder(folder) as part:
            (part / "model.onnx").write_bytes(content)
            (part / "model.json").write_bytes(to_json_bytes(description))
            _tokenizer(files).save(str(part / "tokenizer.json"))


def _tokenizer(files: EncoderFiles) -> BertWordPieceTokenizer:
    """Return the tokenizer of an encoder; it differs from ours only in what text rarely has."""
    settings = files.tokenizer_config
    tokenizer = BertWordPieceTokenizer(
        vocab={piece: number for number, piece in enumerate(files.vocabulary.pieces)},
        lowercase=files.lower_case,
        strip_accents=settings.get("strip_accents"),
        handle_chinese_chars=settings.get("tokenize_chinese_chars", True),
    )
    tokenizer.add_tokens(sorted(files.vocabulary.added))
    return tokenizer
