// An input in the address of the page. It stands behind the `#`, which browsers send to nobody.

async function through(stream, bytes) {
  const answer = new Response(new Blob([bytes]).stream().pipeThrough(stream));
  return new Uint8Array(await answer.arrayBuffer());
}

export async function toFragment(input) {
  const text = new TextEncoder().encode(JSON.stringify(input));
  const packed = await through(new CompressionStream("deflate-raw"), text);
  let binary = "";
  for (const byte of packed) binary += String.fromCharCode(byte);
  return `#${btoa(binary).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "")}`;
}

// The input of an address, or null.
export async function fromFragment(fragment) {
  if (fragment.length < 2) return null;
  try {
    const binary = atob(fragment.slice(1).replaceAll("-", "+").replaceAll("_", "/"));
    const packed = Uint8Array.from(binary, (letter) => letter.charCodeAt(0));
    const text = await through(new DecompressionStream("deflate-raw"), packed);
    const input = JSON.parse(new TextDecoder().decode(text));
    return typeof input.record === "object" ? input : null;
  } catch {
    return null;
  }
}
