
for (const article of document.querySelectorAll("article")) {
  const show = (event) => {
    const pointed = event.target.closest("[data-chain]");
    const on = event.type === "mouseover" || event.type === "focusin";
    for (const mention of article.querySelectorAll(".on")) mention.classList.remove("on");
    if (!on || !pointed) return;
    const chain = `[data-chain="${pointed.dataset.chain}"]`;
    for (const mention of article.querySelectorAll(chain)) mention.classList.add("on");
  };
  for (const kind of ["mouseover", "mouseout", "focusin", "focusout"]) {
    article.addEventListener(kind, show);
  }
}
