// Requests to the service that the page comes from.

let key = "";

export function useKey(text) {
  key = text.trim();
}

export class Refused extends Error {
  constructor(status, sentence) {
    super(sentence);
    this.status = status;
  }
}

async function ask(path, body, signal) {
  const headers = key ? { Authorization: `Bearer ${key}` } : {};
  const request = { headers, signal };
  if (body !== undefined) {
    headers["Content-Type"] = "application/json";
    Object.assign(request, { method: "POST", body: JSON.stringify(body) });
  }
  let answer;
  try {
    answer = await fetch(path, request);
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new Refused(0, "The service cannot be reached; is it still running?");
  }
  if (answer.ok) return answer;
  const said = await answer.json().catch(() => ({}));
  throw new Refused(answer.status, said.error ?? `The service answered with status ${answer.status}.`);
}

export async function models() {
  return (await ask("models")).json();
}

// An example record of each task.
export async function examples() {
  const described = await (await ask("openapi.json")).json();
  const found = {};
  for (const [path, { post }] of Object.entries(described.paths)) {
    const example = post?.requestBody?.content?.["application/json"]?.example;
    if (example) found[path.slice(1)] = example;
  }
  return found;
}

export function pathOf(model) {
  return `${model.path.slice(1)}?model=${encodeURIComponent(model.name)}`;
}

export async function predict(model, record, signal) {
  return (await ask(pathOf(model), record, signal)).json();
}

// A result in another format: `html`, the elements that show it, or `conll`.
export async function formatted(result, to, signal) {
  return (await ask(`format?to=${to}`, result, signal)).text();
}
