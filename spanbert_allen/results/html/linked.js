// What belongs together lights up together: mentions of a chain, an answer and its line in the
// list, an entity and the links to it. All of them have the chain's number in `data-chain`.

export function byChain(article) {
  const elements = new Map();
  for (const element of article.querySelectorAll("[data-chain]")) {
    const { chain } = element.dataset;
    if (!elements.has(chain)) elements.set(chain, []);
    elements.get(chain).push(element);
  }
  return elements;
}

export function lightUp(article, elements) {
  let lit = null;
  const show = (chain) => {
    if (chain === lit) return;
    for (const element of elements.get(lit) ?? []) element.classList.remove("on");
    for (const element of elements.get(chain) ?? []) element.classList.add("on");
    lit = chain;
  };
  const pointed = (event) => event.target.closest("[data-chain]")?.dataset.chain ?? null;
  article.addEventListener("mouseover", (event) => show(pointed(event)));
  article.addEventListener("focusin", (event) => show(pointed(event)));
  article.addEventListener("mouseleave", () => show(null));
  article.addEventListener("focusout", () => show(null));
}

export function followLinks(article, go) {
  article.addEventListener("click", (event) => {
    const link = event.target.closest('a[href^="#"]');
    const target = link && document.getElementById(link.getAttribute("href").slice(1));
    if (!target) return;
    event.preventDefault(); // the address is not for places in a result
    go(target);
  });
}

export function show(element) {
  const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;
  const isFar = Math.abs(element.getBoundingClientRect().top) > 3 * innerHeight;
  element.scrollIntoView({ block: "center", behavior: calm || isFar ? "auto" : "smooth" });
}

export function make(name, attributes = {}, ...children) {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (key.startsWith("on")) element.addEventListener(key.slice(2), value);
    else if (value !== null) element.setAttribute(key, value);
  }
  element.append(...children);
  return element;
}
