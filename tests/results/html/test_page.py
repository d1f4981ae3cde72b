import base64
import colorsys
import hashlib
import re
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spanbert_allen.results.colours import NUM_HUES
from spanbert_allen.results.html.page import render_html, write_html

TEXT = 'Anna Berg opened\nher bakery. She <b>"loves"</b> it & more.'
VOID = {"meta"}


def mention(text: str, start: int, end: int, **scores: float) -> dict:
    return {
        "start": start,
        "end": end,
        "text": text[start:end],
        "mention_score": scores.get("mention_score", 1.5),
        "link_score": scores.get("link_score"),
    }


def result_of(text: str, clusters: list[list[tuple[int, int]]], doc_key: str = "doc") -> dict:
    mentions = [[mention(text, *span) for span in cluster] for cluster in clusters]
    return {"doc_key": doc_key, "text": text, "clusters": mentions}


def find(text: str, *parts: str) -> list[tuple[int, int]]:
    return [(text.index(part), text.index(part) + len(part)) for part in parts]


class Page(HTMLParser):
    """What a page holds; asserts that its elements nest."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.open: list[tuple[str, dict]] = []
        self.elements: list[tuple[str, dict]] = []
        self.marked: list[str] = []  # the text as shown, chain numbers left out
        self.content: dict[str, list[str]] = {}
        self.covered: dict[str, list[str]] = {}  # by chain, what its spans hold
        self.feed(page)
        self.close()
        assert not self.open

    def handle_starttag(self, tag: str, attrs: list) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop()[0] == tag

    def handle_data(self, data: str) -> None:
        if not self.open:
            return
        self.content.setdefault(self.open[-1][0], []).append(data)
        in_text = any(attrs.get("class") == "text" for _, attrs in self.open)
        if in_text and self.open[-1][0] != "sub":
            self.marked.append(data)
            for tag, attrs in self.open:
                if tag == "span":
                    self.covered.setdefault(attrs["data-chain"], []).append(data)

    def named(self, tag: str) -> list[dict]:
        return [attrs for name, attrs in self.elements if name == tag]


def test_text_is_shown_as_given_with_its_mentions() -> None:
    clusters = [find(TEXT, "Anna Berg", "her", "She"), find(TEXT, "her bakery", "it")]
    page = Page(render_html([result_of(TEXT, clusters)]))
    assert "".join(page.marked) == TEXT
    assert "".join(page.covered["0"]) == "Anna BergherShe"
    assert "".join(page.covered["1"]) == "her bakeryit"
    assert page.content["sub"] == ["1", "1", "2", "1", "2"]
    hues = {span["data-chain"]: span["class"].split()[1] for span in page.named("span")}
    assert hues["0"] != hues["1"]
    assert page.named("span")[0]["title"] == "chain 1, mention score 1.50"


def test_chains_are_listed_and_lead_to_their_mentions() -> None:
    clusters = [find(TEXT, "Anna Berg", "her", "She"), find(TEXT, "her bakery", "it")]
    page = Page(render_html([result_of(TEXT, clusters), result_of(TEXT, clusters)]))
    assert [item["data-chain"] for item in page.named("li")] == ["0", "1", "0", "1"]
    assert page.content["small"][:2] == ["3 mentions", "2 mentions"]
    anchors = [span["id"] for span in page.named("span")]
    assert len(set(anchors)) == len(anchors) == 10
    assert {link["href"] for link in page.named("a")} == {f"#{anchor}" for anchor in anchors}
    assert page.content["button"][:2] == [" Anna Berg", " her bakery"]


def test_an_outer_mention_is_higher_than_the_mentions_in_it() -> None:
    clusters = [find(TEXT, "her"), find(TEXT, "her bakery"), find(TEXT, "opened\nher bakery")]
    page = Page(render_html([result_of(TEXT, clusters)]))
    classes = {span["data-chain"]: span["class"].split()[2:] for span in page.named("span")}
    assert classes == {"0": [], "1": ["high-1"], "2": ["high-2"]}


def test_long_texts_are_in_parts_that_begin_after_a_line_or_a_sentence() -> None:
    text = "Ida left. " * 400 + "\n" + "She did it. " * 2000
    page = render_html([result_of(text, [[(0, 3), (4001, 4004)]])])
    assert "".join(Page(page).marked) == text
    parts = page.count('<div class="part">')
    assert parts == 4
    assert '<div class="part"><span id="d0-0-4001-4004"' in page


def test_long_chains_show_some_of_their_mentions_and_the_others_on_demand() -> None:
    text = "she " * 15
    page = Page(render_html([result_of(text, [[(4 * i, 4 * i + 3) for i in range(15)]])]))
    assert page.content["summary"] == ["3 more"]
    assert len(page.named("a")) == 15


def test_a_page_without_chains_and_an_error_record() -> None:
    page = Page(
        render_html(
            [result_of("Nothing.", [], "<empty>"), {"line": 7, "error": 'no "text" & no <tokens>'}],
            title="A & B",
        )
    )
    assert page.content["h1"] == ["A & B"]
    assert page.content["h2"] == ["<empty>", "line 7"]
    assert page.content["p"] == [
        "No mentions that corefer.",
        'Not predicted: no "text" & no <tokens>',
    ]


@pytest.mark.parametrize(
    "text",
    [
        "</div></article><script>alert(1)</script>",
        "' onmouseover='alert(1) \" onmouseover=\"alert(1)",
        "<!-- &amp; &#60; ]]> -->",
    ],
)
def test_text_is_never_markup(text: str) -> None:
    page = Page(render_html([result_of(text, [[(0, len(text)), (2, 5)]], text)], title=text))
    assert "".join(page.marked) == text
    assert len(page.named("script")) == 1
    assert not any(name.startswith("on") for _, attrs in page.elements for name in attrs)


def test_nothing_is_requested() -> None:
    clusters = [find(TEXT, "Anna Berg", "her")]
    page = Page(render_html([result_of(TEXT, clusters)]))
    assert not {"link", "img", "iframe", "base"} & {tag for tag, _ in page.elements}
    assert not any("src" in attrs for _, attrs in page.elements)
    assert all(attrs["href"].startswith("#") for _, attrs in page.elements if "href" in attrs)
    (style,) = page.content["style"]
    assert "url(" not in style
    assert "@import" not in style
    assert "import " not in page.content["script"][0]
    (policy,) = (m["content"] for m in page.named("meta") if "http-equiv" in m)
    assert policy.startswith("default-src 'none';")
    # A browser runs the script only if its digest is the one in the policy.
    for part in ("script", "style"):
        digest = hashlib.sha256(page.content[part][0].encode()).digest()
        assert f"{part}-src 'sha256-{base64.b64encode(digest).decode()}'" in policy
    assert not any("style" in attrs for _, attrs in page.elements)


def test_lone_surrogates_can_be_written(tmp_path) -> None:
    text = "Anna \ud800 saw her."
    write_html([result_of(text, [[(0, 6), (11, 14)]])], tmp_path / "page.html")
    assert "Anna ?<sub>1</sub>" in (tmp_path / "page.html").read_text(encoding="utf-8")


spans = st.tuples(st.integers(0, 20), st.integers(1, 6)).map(lambda p: (p[0], sum(p)))


@given(clusters=st.lists(st.lists(spans, min_size=1, max_size=3), max_size=4))
def test_any_mentions_nest_crossing_ones_too(clusters: list[list[tuple[int, int]]]) -> None:
    text = "abcdefghijklmnopqrstuvwxyz"
    page = Page(render_html([result_of(text, clusters)]))
    assert "".join(page.marked) == text
    assert len(page.content.get("sub", [])) == sum(map(len, clusters))
    for chain, cluster in enumerate(clusters):
        letters = sorted("".join(page.covered[str(chain)]))
        assert letters == sorted(letter for start, end in cluster for letter in text[start:end])


def luminance(red: float, green: float, blue: float) -> float:
    """Relative luminance as WCAG 2 defines it."""
    linear = [
        c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in (red, green, blue)
    ]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: float, other: float) -> float:
    low, high = sorted((one, other))
    return (high + 0.05) / (low + 0.05)


def hsl(text: str, hue: int) -> float:
    """The luminance of `hsl(var(--hue) 60% 86%)`."""
    saturation, lightness = (int(part) / 100 for part in re.findall(r"(\d+)%", text))
    return luminance(*colorsys.hls_to_rgb(hue / 360, lightness, saturation))


def grey(text: str) -> float:
    digits = text.strip().lstrip("#")
    digits = "".join(2 * d for d in digits) if len(digits) == 3 else digits
    return luminance(*(int(digits[i : i + 2], 16) / 255 for i in (0, 2, 4)))


@pytest.mark.parametrize("scheme", [0, 1], ids=["light", "dark"])
def test_colours_have_contrast_whatever_the_chain(scheme: int) -> None:
    (style,) = Page(render_html([])).content["style"]
    pairs = re.findall(r"--([\w-]+): light-dark\((#\w+|hsl\(.*?%\)), (#\w+|hsl\(.*?%\))\);", style)
    values = {name: schemes[scheme] for name, *schemes in pairs}
    ink, paper, raised = (grey(values[name]) for name in ("ink", "paper", "raised"))
    assert contrast(ink, paper) >= 7
    assert contrast(ink, raised) >= 7
    assert contrast(grey(values["accent"]), raised) >= 4.5
    assert contrast(grey(values["rule"]), paper) >= 3
    hues = [int(hue) for hue in re.findall(r"--hue: (\d+) \}", style)]
    assert len(set(hues)) == NUM_HUES
    for hue in hues:
        for fill in ("fill", "fill-on"):
            assert contrast(ink, hsl(values[fill], hue)) >= 4.5
        assert contrast(hsl(values["edge"], hue), paper) >= 3


def answer(text: str, start: int | None, probability: float) -> dict:
    end = None if start is None else start + len(text)
    return {"text": text, "start": start, "end": end, "probability": probability}


def test_answers_that_overlap_or_read_alike_are_one() -> None:
    context = "She moved to Oslo in 1903. In Oslo she worked."
    answers = [
        answer("Oslo", 13, 0.3),
        answer("in 1903", 18, 0.25),
        answer("to Oslo", 10, 0.2),
        answer("oslo", 30, 0.1),
        answer("", None, 0.05),
    ]
    chosen = {"question": "Where?", "context": context, "answer": "Oslo", "start": 13, "end": 17}
    page = render_html([chosen | {"id": "q", "answers": answers}])
    shown = re.sub("<[^>]*>", " ", page.partition("<aside>")[2].partition("</aside>")[0])
    assert "0.600 Oslo" in " ".join(shown.split())
    assert "cut in 3 ways" in page
    assert page.count('<span id="a0') == 2
    assert 'data-chain="0" aria-current="true"' in page
    hidden = chosen | {"id": "q", "answers": answers[1:2]}
    assert 'aria-current="true"><small>0.000</small> <a href="#a0-1"' in render_html([hidden])


def test_relations_are_in_the_order_of_probability_and_others_on_demand() -> None:
    text = "Ida Berg of Oslo"
    entities = [mention(text, *span) | {"type": "X"} for span in find(text, "Ida Berg", "Oslo")]
    relations = [
        {"subject": 0, "object": 1, "label": "Other", "probability": 0.9},
        {"subject": 0, "object": 1, "label": "lives_in", "probability": 0.2},
        {"subject": 1, "object": 0, "label": "home_of", "probability": 0.7},
    ]
    page = render_html([{"id": "r", "text": text, "entities": entities, "relations": relations}])
    assert page.index("home_of") < page.index("lives_in") < page.index("1 pair without a relation")
    assert page.index("1 pair without a relation") < page.index("<b>Other</b>")
    assert '<tr data-subject="1" data-object="0"><td>0.700</td>' in page
