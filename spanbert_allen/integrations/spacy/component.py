"""Coreference as a component of spaCy pipelines. AllenNLP is loaded with the first document."""

from __future__ import annotations

import json
import re
import shutil
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from spanbert_allen.common.errors import ConfigError
from spanbert_allen.formats.spacy.documents import GENRE, SPEAKER
from spanbert_allen.loading import find_model, load, register

try:
    from spacy import util
    from spacy.language import Language
    from spacy.pipeline import Pipe
    from spacy.tokens import Doc, SpanGroup, Token
except ImportError as error:
    raise ConfigError(
        "the component spanbert_coref needs spaCy: run `pip install spacy`"
    ) from error

if TYPE_CHECKING:
    from spanbert_allen.predictors import CorefPredictor

ARCHIVE = "model.tar.gz"
_SETTINGS = ("prefix", "device", "options")

RESOLVED = "resolved_text"
"""The extension of documents that the resolved text is written into, if `options` ask for it."""

for extended, extension in ((Token, SPEAKER), (Doc, GENRE), (Doc, RESOLVED)):
    if not extended.has_extension(extension):
        extended.set_extension(extension, default=None)


@Language.factory(
    "spanbert_coref",
    assigns=["doc.spans"],
    default_config={
        "model": None,
        "prefix": "coref_clusters",
        "device": "cpu",
        "options": {},
    },
)
def make_coref_component(
    nlp: Language, name: str, model: str | None, prefix: str, device: str, options: dict[str, Any]
) -> CorefComponent:
    """Make the component `spanbert_coref`; see `CorefComponent`."""
    return CorefComponent(nlp, name, model, prefix=prefix, device=device, options=options)


class CorefComponent(Pipe):
    """
    Write clusters into the span groups of a document.

    These are `doc.spans["coref_clusters_1"]`, `doc.spans["coref_clusters_2"]` and so on, in the
    order of the clusters' first mentions, as in spaCy's own experimental component. The attribute
    `head` of such a group is the index of its head mention, as in `group[group.attrs["head"]]`.

    Tokens stay as they are; so do sentences, and where a document has none, they are found by rule.
    Speakers are read from `token._.speaker`, the genre from `doc._.genre`. With the option
    `resolved_text` the resolved text is written into `doc._.resolved_text`.

    The model is loaded with the first document. A pipeline that is saved holds its model.

    # Parameters

    nlp : `Language`
        The pipeline.
    name : `str`
        The component's name in it.
    model : `str`, optional
        The `model.tar.gz`, the folder that a training wrote, or a name on the hub; see
        `spanbert_allen.load`.
    prefix : `str`, optional (default = `"coref_clusters"`)
        What the names of span groups begin with, before `_` and a number. Groups with such names
        that a document has already are removed.
    device : `str`, optional (default = `"cpu"`)
        The device as torch names it.
    options : `dict[str, Any]`, optional (default = `{}`)
        The fields of `CorefOptions`, as in `{"link_threshold": 1.0}`.
    """

    def __init__(
        self,
        nlp: Language,
        name: str = "spanbert_coref",
        model: str | Path | None = None,
        *,
        prefix: str = "coref_clusters",
        device: str = "cpu",
        options: dict[str, Any] | None = None,
    ) -> None:
        self.name = name
        self.vocab = nlp.vocab
        self.model_path = None if model is None else Path(model)
        self.prefix = prefix
        self.device = device
        self.options = dict(options or {})
        self._predictor: CorefPredictor | None = None
        self._unpacked: tempfile.TemporaryDirectory[str] | None = None

    @property
    def predictor(self) -> CorefPredictor:
        """Return the model's predictor, which is loaded at the first call."""
        if self._predictor is None:
            if self.model_path is None:
                raise ConfigError(
                    f"the component {self.name} has no model: "
                    'add it with `config={"model": "out/run/model.tar.gz"}`'
                )
            predictor = load(self.model_path, device=self.device, **self.options)
            from spanbert_allen.predictors import CorefPredictor

            if not isinstance(predictor, CorefPredictor):
                raise ConfigError(
                    f"{self.model_path} is no model of coreference; give the component one that is"
                )
            self._predictor = predictor
        return self._predictor

    def __call__(self, doc: Doc) -> Doc:
        """Write the clusters of one document."""
        (result,) = self.predictor.predict_many([doc])
        if "error" in result:
            raise RuntimeError(result["error"])
        return self._write(doc, result)

    def pipe(self, stream: Iterable[Doc], *, batch_size: int = 32) -> Iterator[Doc]:
        """
        Write the clusters of many documents, in batches.

        Where one cannot be predicted, the error goes to the pipeline's error handler, which by
        default raises it.
        """
        for docs in util.minibatch(stream, size=batch_size):
            for doc, result in zip(docs, self.predictor.predict_many(docs), strict=True):
                if "error" in result:
                    handle = self.get_error_handler()
                    handle(self.name, self, [doc], RuntimeError(result["error"]))
                else:
                    yield self._write(doc, result)

    def _write(self, doc: Doc, result: Mapping[str, Any]) -> Doc:
        """Write a result into its document."""
        own = re.compile(rf"{re.escape(self.prefix)}_[0-9]+")
        for key in filter(own.fullmatch, list(doc.spans)):
            del doc.spans[key]
        for number, cluster in enumerate(result["clusters"], start=1):
            places = [mention["words"] for mention in cluster]
            name = f"{self.prefix}_{number}"
            doc.spans[name] = SpanGroup(
                doc,
                name=name,
                attrs={"head": result["heads"][number - 1]},
                spans=[doc[first : last + 1] for first, last in places],
            )
        if RESOLVED in result:
            doc._.set(RESOLVED, result[RESOLVED])
        return doc

    def to_disk(self, path: str | Path, *, exclude: Sequence[str] = ()) -> None:
        """Write the settings and the model, either of which `exclude` may name."""
        folder = Path(path)
        folder.mkdir(parents=True, exist_ok=True)
        writers = {"settings": lambda file: file.write_bytes(self._settings())}
        if self.model_path is not None:
            writers["model"] = lambda file: self._write_archive(folder / ARCHIVE)
        util.to_disk(folder, writers, exclude)

    def from_disk(self, path: str | Path, *, exclude: Sequence[str] = ()) -> CorefComponent:
        """Read what `to_disk` wrote. The folder must stay until the model is loaded."""
        readers = {
            "settings": lambda file: self._restore(file.read_bytes()),
            "model": lambda file: self._take(Path(path) / ARCHIVE),
        }
        util.from_disk(Path(path), readers, exclude)
        return self

    def to_bytes(self, *, exclude: Sequence[str] = ()) -> bytes:
        """Return the settings and the model, either of which `exclude` may name."""
        parts = {"settings": self._settings}
        if self.model_path is not None:
            parts["model"] = self._archive_bytes
        packed: bytes = util.to_bytes(parts, exclude)
        return packed

    def from_bytes(self, data: bytes, *, exclude: Sequence[str] = ()) -> CorefComponent:
        """Read what `to_bytes` returned."""
        util.from_bytes(data, {"settings": self._restore, "model": self._unpack}, exclude)
        return self

    def _settings(self) -> bytes:
        return json.dumps({name: getattr(self, name) for name in _SETTINGS}).encode()

    def _restore(self, settings: bytes) -> None:
        for name, value in json.loads(settings).items():
            setattr(self, name, value)
        self._predictor = None

    def _take(self, archive: Path) -> None:
        if archive.is_file():
            self.model_path = archive

    def _archive_bytes(self) -> bytes:
        with tempfile.TemporaryDirectory() as folder:
            self._write_archive(Path(folder) / ARCHIVE)
            return (Path(folder) / ARCHIVE).read_bytes()

    def _unpack(self, archive: bytes) -> None:
        """Write the archive into a file that lives as long as the component."""
        self._unpacked = tempfile.TemporaryDirectory()
        self.model_path = Path(self._unpacked.name) / ARCHIVE
        self.model_path.write_bytes(archive)

    def _write_archive(self, target: Path) -> None:
        """Write the model as an archive, also where it is the folder of a training."""
        assert self.model_path is not None
        source = find_model(self.model_path)
        if source.is_dir() and not (source / ARCHIVE).is_file():
            register()
            from allennlp.models.archival import archive_model

            archive_model(str(source), archive_path=str(target))
            return
        archive = source / ARCHIVE if source.is_dir() else source
        if archive.resolve() != target.resolve():
            shutil.copyfile(archive, target)
