// A coreference result: going through a chain, looking for chains, and what is known of a mention.

import { byChain, followLinks, lightUp, make, show } from "./linked.js";

const KEYS = "Arrow keys go through the chain, with Shift through all mentions; Escape ends.";

export function enhanceChains(article) {
  const elements = byChain(article);
  lightUp(article, elements);
  if (!elements.size) return;
  const chains = new Chains(article, elements);
  followLinks(article, (mention) => chains.go(mention));
}

class Chains {
  constructor(article, elements) {
    this.article = article;
    this.elements = elements;
    this.text = article.querySelector(".text");
    this.items = [...article.querySelectorAll("ol.chains > li")];
    this.mentions = [...this.text.querySelectorAll("[id]")];
    this.current = null;
    this.chain = null;
    this.texts = new Map(); // of the mentions of a chain, once one has searched
    this.details = make("section", { class: "details", "aria-live": "polite" });
    this.details.hidden = true;
    article.querySelector("aside").prepend(this.tools(), this.details);
    this.listen();
    this.filter();
  }

  tools() {
    const changed = { oninput: () => this.filter() };
    this.query = make("input", { type: "search", placeholder: "find a mention", ...changed });
    this.smallest = make("input", { type: "number", min: 1, value: 1, ...changed });
    this.count = make("output");
    return make(
      "form",
      { class: "tools", onsubmit: (event) => event.preventDefault() },
      make("label", {}, "Search ", this.query),
      make("label", {}, "Mentions, at least ", this.smallest),
      this.count,
    );
  }

  listen() {
    this.text.tabIndex = 0;
    this.text.setAttribute("role", "group");
    this.text.setAttribute("aria-label", `Text with its mentions. ${KEYS}`);
    this.text.addEventListener("keydown", (event) => this.key(event));
    this.text.addEventListener("click", (event) => {
      const mention = event.target.closest("[data-chain]");
      if (mention) this.go(this.whole(mention), { scroll: false });
      else this.choose(null);
    });
    this.article.addEventListener("click", (event) => {
      const button = event.target.closest("button.chain");
      if (!button) return;
      const { chain } = button.closest("li").dataset;
      if (chain === this.chain) this.choose(null);
      else this.go(this.mentionsOf(chain)[0]);
    });
  }

  mentionsOf(chain) {
    return this.elements.get(chain).filter((element) => element.id);
  }

  textsOf(chain) {
    if (!this.texts.has(chain)) {
      this.texts.set(chain, [...new Set(this.mentionsOf(chain).map((one) => wordsOf(one).toLowerCase()))]);
    }
    return this.texts.get(chain);
  }

  // Of a mention that another one crosses, the element that stands for it.
  whole(element) {
    if (element.id) return element;
    const { chain } = element.dataset;
    const before = this.mentionsOf(chain).filter(
      (one) => one.compareDocumentPosition(element) & Node.DOCUMENT_POSITION_FOLLOWING,
    );
    return before.at(-1) ?? this.mentionsOf(chain)[0];
  }

  key(event) {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (event.key === "Escape") this.choose(null);
    else if (step) this.step(step, event.shiftKey);
    else return;
    event.preventDefault();
  }

  step(step, throughAll) {
    const mentions =
      throughAll || !this.current ? this.mentions : this.mentionsOf(this.current.dataset.chain);
    const place = mentions.indexOf(this.current);
    const next = place < 0 ? (step > 0 ? 0 : mentions.length - 1) : place + step;
    this.go(mentions[(next + mentions.length) % mentions.length]);
  }

  go(mention, { scroll = true } = {}) {
    this.choose(mention.dataset.chain);
    this.current = mention;
    mention.classList.add("current");
    this.describe(mention);
    if (scroll) show(mention);
  }

  choose(chain) {
    this.current?.classList.remove("current");
    this.current = null;
    for (const element of this.elements.get(this.chain) ?? []) element.classList.remove("chosen");
    for (const element of this.elements.get(chain) ?? []) element.classList.add("chosen");
    for (const number of [this.chain, chain]) {
      const item = this.items[number];
      item?.querySelector("button").setAttribute("aria-pressed", String(number === chain));
    }
    this.chain = chain;
    this.text.classList.toggle("one-chain", chain !== null);
    this.details.hidden = chain === null;
  }

  describe(mention) {
    const { chain } = mention.dataset;
    const mentions = this.mentionsOf(chain);
    const known = JSON.parse(mention.dataset.details ?? "{}");
    const place = mentions.indexOf(mention) + 1;
    const step = (by, text) =>
      make("button", { type: "button", onclick: () => this.step(by, false) }, text);
    this.details.replaceChildren(
      make("p", {}, make("b", { dir: "auto" }, wordsOf(mention))),
      make("p", {}, `Mention ${place} of ${mentions.length} in chain ${Number(chain) + 1}`),
      make("p", { class: "steps" }, step(-1, "Previous"), step(1, "Next")),
      scores(known),
      ...this.antecedents(known),
    );
  }

  antecedents(known) {
    if (known.antecedents) return [candidates(known.antecedents)];
    if (!this.article.dataset.asks) return [];
    const ask = () =>
      this.article.dispatchEvent(new CustomEvent("antecedents", { bubbles: true, detail: this.place }));
    return [make("button", { type: "button", onclick: ask }, "Show other antecedents")];
  }

  get place() {
    return this.mentions.indexOf(this.current);
  }

  filter() {
    const query = this.query.value.trim().toLowerCase();
    const smallest = Number(this.smallest.value) || 1;
    let shown = 0;
    for (const item of this.items) {
      const fits =
        Number(item.dataset.size) >= smallest &&
        (!query || this.textsOf(item.dataset.chain).some((text) => text.includes(query)));
      item.hidden = !fits;
      shown += fits;
    }
    this.count.textContent = `${shown} of ${this.items.length} chains`;
  }
}

// The text of a mention, without the numbers of chains in it.
function wordsOf(mention) {
  return lettersOf(mention).replace(/\s+/g, " ").trim();
}

// A search reads all mentions of a novel: a copy of each without its numbers would take a second.
function lettersOf(node) {
  if (node.nodeType === Node.TEXT_NODE) return node.data;
  if (node.localName === "sub") return "";
  let letters = "";
  for (const child of node.childNodes) letters += lettersOf(child);
  return letters;
}

function scores(known) {
  const names = ["mention_score", "mention_probability", "link_score", "link_probability"];
  const list = make("dl");
  for (const name of names) {
    if (known[name] === undefined) continue;
    list.append(make("dt", {}, name.replace("_", " ")), make("dd", {}, known[name].toFixed(3)));
  }
  return list;
}

function candidates(antecedents) {
  const cell = (text) => make("td", {}, text);
  const rows = antecedents.map((one) =>
    make(
      "tr",
      {},
      make("td", { dir: "auto" }, one.text ?? make("i", {}, "none: a new chain")),
      cell(one.score === null ? "" : one.score.toFixed(2)),
      cell(one.probability === null ? "" : one.probability.toFixed(3)),
    ),
  );
  const head = ["Antecedent", "Score", "Probability"].map((name) => make("th", { scope: "col" }, name));
  return make(
    "table",
    {},
    make("caption", {}, "The best antecedents"),
    make("thead", {}, make("tr", {}, ...head)),
    make("tbody", {}, ...rows),
  );
}
