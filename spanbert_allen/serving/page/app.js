// The page of the service: an input, its result, and ways to take both elsewhere.

import { examples, formatted, models, predict, useKey } from "./client.js";
import { Form, TASKS } from "./form.js";
import { fromFragment, toFragment } from "./permalink.js";
import { asCurl, asPython } from "./snippets.js";
import { make } from "./linked.js";
import { enhance } from "./results.js";
import { addThemeSwitch } from "./theme.js";

const ANTECEDENTS = 5;
const at = (id) => document.getElementById(id);

let served = [];
let shownExamples = {};
let form = null;
let result = null;
let running = null;
let keyed = false;

function say(text, isError = false) {
  at("status").textContent = text;
  at("status").classList.toggle("error", isError);
}

const chosenModel = () => served.find((model) => model.name === at("model").value);

async function start() {
  addThemeSwitch(document.querySelector("header"));
  try {
    served = await models();
  } catch (error) {
    at("who").hidden = error.status !== 401;
    say(error.message, true);
    return;
  }
  at("who").hidden = true;
  say("");
  shownExamples = await examples();
  const tasks = [...new Set(served.map((model) => model.task))];
  at("model").replaceChildren(
    ...tasks.map((task) => {
      const names = served.filter((model) => model.task === task);
      const options = names.map(({ name }) => make("option", { value: name }, name));
      return make("optgroup", { label: TASKS[task]?.title ?? task }, ...options);
    }),
  );
  chooseModel();
  at("controls").disabled = false;
  await openLink();
}

function chooseModel() {
  const model = chosenModel();
  form = new Form(at("fields"), model);
  at("options").value = JSON.stringify(TASKS[model.task]?.options ?? {});
  forget();
}

function forget() {
  running?.abort();
  result = null;
  at("result").hidden = true;
  at("articles").replaceChildren();
}

function fill(record) {
  form.record = record;
  if (record.options) at("options").value = JSON.stringify(record.options);
}

async function openLink() {
  const input = await fromFragment(location.hash);
  if (!input) return;
  if (!served.some((model) => model.name === input.model)) {
    say(`The link is for a model called ${input.model}, which is not served here.`, true);
    return;
  }
  at("model").value = input.model;
  chooseModel();
  fill(input.record);
  await run();
}

// The record with its options; throws for JSON that is none.
function currentRecord() {
  let options;
  try {
    options = JSON.parse(at("options").value || "{}");
    const record = form.record;
    return Object.keys(options).length ? { ...record, options } : record;
  } catch (error) {
    throw new Error(`${options ? "The record" : "Options"} must be JSON: ${error.message}.`);
  }
}

async function run(more = {}, after = () => {}) {
  running?.abort();
  const mine = new AbortController();
  running = mine;
  const started = performance.now();
  at("cancel").hidden = false;
  at("result").setAttribute("aria-busy", "true");
  say("The model is at work ...");
  try {
    const record = currentRecord();
    const options = { ...record.options, ...more };
    const asked = Object.keys(options).length ? { ...record, options } : record;
    const found = await predict(chosenModel(), asked, mine.signal);
    const seconds = (performance.now() - started) / 1000;
    const elements = await shown(found, mine.signal);
    if (running !== mine) return;
    result = found;
    at("articles").replaceChildren(...elements);
    at("result").hidden = false;
    document.querySelector('[data-copy="conll"]').hidden = !found.sentences;
    for (const article of elements.filter((one) => one.matches("article"))) {
      if (elements.length === 1) article.dataset.asks = "1";
      enhance(article);
    }
    say(`${summary(found)} ${seconds.toFixed(1)} s.`);
    after();
  } catch (error) {
    if (running === mine) say(error.name === "AbortError" ? "Cancelled." : error.message, error.name !== "AbortError");
  } finally {
    if (running === mine) {
      running = null;
      at("cancel").hidden = true;
      at("result").removeAttribute("aria-busy");
    }
  }
}

// The elements that show a result; JSON for a result of another kind.
async function shown(found, signal) {
  try {
    const parsed = new DOMParser().parseFromString(await formatted(found, "html", signal), "text/html");
    const articles = [...parsed.querySelectorAll("article")].map((one) => document.importNode(one, true));
    if (articles.length === 1) articles[0].querySelector("h2").remove(); // a name that nobody gave
    return articles;
  } catch (error) {
    if (error.status !== 422) throw error;
    return [make("pre", { tabindex: "0" }, JSON.stringify(found, null, 2))];
  }
}

function summary(found) {
  const count = (number, noun) => `${number} ${noun}${number === 1 ? "" : "s"}`;
  if (found.parts) return `${found.parts.join(", ")};`;
  if (found.clusters) {
    const mentions = found.clusters.reduce((sum, cluster) => sum + cluster.length, 0);
    return `${count(found.clusters.length, "chain")} with ${count(mentions, "mention")};`;
  }
  if (found.answers) return `${found.answer || "No answer"};`;
  if (found.relations) return `${count(found.relations.length, "pair")} of entities;`;
  return "Done;";
}

const COPIES = {
  link: async () => {
    const fragment = await toFragment({ model: at("model").value, record: currentRecord() });
    history.replaceState(null, "", fragment);
    return location.href;
  },
  python: () => asPython(chosenModel(), currentRecord()),
  curl: () => asCurl(chosenModel(), currentRecord(), keyed),
  json: () => JSON.stringify(result, null, 2),
  conll: () => formatted(result, "conll"),
};

async function copy(button) {
  try {
    const text = await COPIES[button.dataset.copy]();
    await navigator.clipboard.writeText(text);
    say(`${button.textContent.replace("Copy", "Copied")}.`);
  } catch (error) {
    say(`Nothing was copied: ${error.message}`, true);
  }
}

at("ask").addEventListener("submit", (event) => {
  event.preventDefault();
  run();
});
at("ask").addEventListener("keydown", (event) => {
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) at("ask").requestSubmit();
});
at("model").addEventListener("change", chooseModel);
at("cancel").addEventListener("click", () => running?.abort());
at("example").addEventListener("click", () => {
  const example = shownExamples[chosenModel().task];
  fill({ options: TASKS[chosenModel().task]?.options, ...example });
});
at("unlock").addEventListener("click", () => {
  useKey(at("key").value);
  keyed = true;
  document.querySelector("header .theme").remove();
  start();
});
document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-copy]");
  if (button) copy(button);
});
at("articles").addEventListener("antecedents", (event) => {
  const again = () => at("articles").querySelectorAll(".text [id]")[event.detail]?.click();
  run({ top_antecedents: ANTECEDENTS, probabilities: true }, again);
});
window.addEventListener("hashchange", openLink);
start();
