// What a result can do beyond showing itself; without this it is complete, but still.

import { byChain, followLinks, lightUp, show } from "./linked.js";
import { enhanceChains } from "./chains.js";
import { enhanceRelations } from "./arcs.js";

export function enhance(article) {
  if (article.dataset.kind === "coref") enhanceChains(article);
  else if (article.dataset.kind === "relation") enhanceRelations(article);
  else {
    lightUp(article, byChain(article));
    followLinks(article, show);
  }
}
