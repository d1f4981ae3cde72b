// An input as a command or a program that asks for the same.

import { pathOf } from "./client.js";

const quoted = (text) => `'${text.replaceAll("'", "'\\''")}'`;

export function asCurl(model, record, keyed) {
  const url = new URL(pathOf(model), document.baseURI.replace(/#.*/s, ""));
  const lines = [`curl ${quoted(url.href)}`, "-H 'Content-Type: application/json'"];
  if (keyed) lines.push("-H 'Authorization: Bearer KEY'");
  lines.push(`-d ${quoted(JSON.stringify(record))}`);
  return lines.join(" \\\n  ");
}

export function asPython(model, record) {
  const { options = {}, ...given } = record;
  const named = Object.entries({ ...given, ...options });
  const values = named.map(([name, value]) => `    ${name}=${literal(value)},\n`).join("");
  return (
    "import spanbert_allen\n\n" +
    `model = spanbert_allen.load("model.tar.gz")  # the archive of the model ${model.name}\n` +
    `result = model.predict(\n${values})\n`
  );
}

function literal(value) {
  if (value === null) return "None";
  if (value === true) return "True";
  if (value === false) return "False";
  if (Array.isArray(value)) return `[${value.map(literal).join(", ")}]`;
  if (typeof value === "object") {
    return `{${Object.entries(value).map(([key, one]) => `${literal(key)}: ${literal(one)}`).join(", ")}}`;
  }
  return JSON.stringify(value); // numbers and strings are written alike
}
