import base64
import colorsys
import hashlib
import json
import re
import shutil
import subprocess
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

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
    hues = {span["data-chain"]: span["style"] for span in page.named("span")}
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
    assert all(item["tabindex"] == "0" for item in page.named("li"))


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
    (policy,) = (m["content"] for m in page.named("meta") if "http-equiv" in m)
    assert policy.startswith("default-src 'none';")
    # A browser runs the script only if its digest is the one in the policy.
    digest = hashlib.sha256(page.content["script"][0].encode()).digest()
    assert base64.b64encode(digest).decode() in policy


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


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_colours_have_contrast_whatever_the_chain(scheme: str) -> None:
    (style,) = Page(render_html([])).content["style"]
    roots = re.findall(r":root \{(.*?)\}", style, re.DOTALL)
    values = dict(re.findall(r"--([\w-]+): ([^;]+);", roots[scheme == "dark"]))

    def grey(colour: str) -> float:
        digits = colour.lstrip("#")
        digits = "".join(2 * d for d in digits) if len(digits) == 3 else digits
        return luminance(*(int(digits[i : i + 2], 16) / 255 for i in (0, 2, 4)))

    ink, paper = grey(values["ink"]), grey(values["paper"])
    assert contrast(ink, paper) >= 7
    for hue in range(0, 360, 5):
        for fill in ("fill", "fill-on"):
            lightness = float(values[fill].rstrip("%")) / 100
            fill_colour = luminance(*colorsys.hls_to_rgb(hue / 360, lightness, 0.6))
            assert contrast(ink, fill_colour) >= 4.5
        lightness = float(values["edge"].rstrip("%")) / 100
        edge = luminance(*colorsys.hls_to_rgb(hue / 360, lightness, 0.7))
        assert contrast(edge, paper) >= 3


@pytest.mark.skipif(shutil.which("node") is None, reason="runs the page's script with node")
def test_pointing_at_a_mention_lights_up_its_chain() -> None:
    (script,) = Page(render_html([])).content["script"]
    harness = """
    const made = (chain) => ({dataset: {chain}, lit: false,
      classList: {add() { this.owner.lit = true; }, remove() { this.owner.lit = false; }},
      closest() { return this; }});
    const all = ["0", "1", "0"].map(made);
    for (const m of all) m.classList.owner = m;
    const handlers = {};
    const article = {
      addEventListener: (kind, handler) => { handlers[kind] = handler; },
      querySelectorAll: (query) => query === ".on" ? all.filter((m) => m.lit)
        : all.filter((m) => query === `[data-chain="${m.dataset.chain}"]`)};
    const document = {querySelectorAll: () => [article]};
    """
    steps = """
    const seen = [];
    const point = (type, target) => {
      handlers[type]({type, target}); seen.push(all.map((m) => m.lit)); };
    point("mouseover", all[0]); point("mouseover", all[1]); point("mouseout", all[1]);
    point("focusin", all[2]); point("mouseover", {closest: () => null});
    console.log(JSON.stringify(seen));
    """
    done = subprocess.run(
        ["node", "-e", harness + script + steps], capture_output=True, text=True, check=True
    )
    off = [False, False, False]
    first_chain, second_chain = [True, False, True], [False, True, False]
    assert json.loads(done.stdout) == [first_chain, second_chain, off, first_chain, off]
