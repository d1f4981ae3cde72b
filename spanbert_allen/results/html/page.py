"""Results of predictors as one HTML page that needs nothing else: no request leaves it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from spanbert_allen.common.files import replace_file
from spanbert_allen.results.document import results_of_parts
from spanbert_allen.results.escaping import as_html
from spanbert_allen.results.html.coref import coref_html
from spanbert_allen.results.html.frame import whole_page
from spanbert_allen.results.html.qa import qa_html
from spanbert_allen.results.html.relation import relation_html
from spanbert_allen.results.kinds import ERROR, checked_kind, name_of
from spanbert_allen.results.pretraining_views import pretraining_html
from spanbert_allen.results.sequence_views import sequence_html

_BODIES = {
    "coref": coref_html,
    "qa": qa_html,
    "relation": relation_html,
    "class": sequence_html,
    "number": sequence_html,
    "pretraining": pretraining_html,
}


def write_html(
    results: Iterable[Mapping[str, Any]], path: str | Path, *, title: str = "Predictions"
) -> None:
    """
    Write a page that shows results; the file appears whole or not at all.

    # Parameters

    results : `Iterable[Mapping[str, Any]]`
        Results of this package's predictors; error records are shown as such.
    path : `str | Path`
        The file to write.
    title : `str`, optional (default = `"Predictions"`)
        The page's title.
    """
    with html_page(path, title=title) as page:
        for result in results:
            page.add(result)


class HtmlPage:
    """
    Collect results one by one, for a page.

    # Parameters

    title : `str`
        The page's title.
    """

    def __init__(self, title: str) -> None:
        self._title = title
        self._articles: list[str] = []

    def add(self, result: Mapping[str, Any]) -> None:
        """Add a result; `DataError` for one that no predictor gives."""
        self._articles += articles_html(result, len(self._articles))

    def render(self) -> str:
        """Return the whole page."""
        return whole_page("\n".join(self._articles), self._title)


@contextmanager
def html_page(path: str | Path, *, title: str = "Predictions") -> Iterator[HtmlPage]:
    """Open the page of a file, which appears whole when the block ends, or not at all."""
    page = HtmlPage(title)
    with replace_file(path) as file:
        yield page
        file.write(page.render())


def render_html(results: Iterable[Mapping[str, Any]], *, title: str = "Predictions") -> str:
    """Return the page of `write_html` as a string."""
    page = HtmlPage(title)
    for result in results:
        page.add(result)
    return page.render()


def framed_html(result: Mapping[str, Any]) -> str:
    """
    Return the page of a result in a frame, for a notebook.

    Its style and its script are its own, and reach neither the notebook nor other results.

    # Parameters

    result : `Mapping[str, Any]`
        A result of one of the predictors.
    """
    page = render_html([result], title="")
    return (
        '<iframe sandbox="allow-scripts" style="width: 100%; height: 24em; border: 0" '
        f'srcdoc="{as_html(page)}"></iframe>'
    )


def articles_html(result: Mapping[str, Any], number: int = 0) -> list[str]:
    """
    Return the elements of a page that show a result: one, or one for each part of a document.

    # Parameters

    result : `Mapping[str, Any]`
        The result; `DataError` for one that no predictor gives.
    number : `int`, optional (default = `0`)
        How many elements stand before on the page, so that links lead to this result.
    """
    kind = checked_kind(result)
    if kind != "document":
        return [_article(number, kind, result)]
    parts = enumerate(results_of_parts(result, number + 1), start=number)
    return [article for place, part in parts for article in articles_html(part, place)]


def _article(number: int, kind: str, result: Mapping[str, Any]) -> str:
    name = name_of(result, number + 1)
    if kind == ERROR:
        body = f'<p class="error">Not predicted: {as_html(result["error"])}</p>'
    else:
        body = _BODIES[kind](number, result)
    return f'<article data-kind="{kind}">\n<h2>{as_html(name)}</h2>\n{body}\n</article>'
