// The switch between the browser's choice of colours, dark ones and light ones.

const SCHEMES = { auto: "Colours: automatic", dark: "Colours: dark", light: "Colours: light" };
const STORED = "spanbert-allen-colours";

function stored() {
  try {
    return localStorage.getItem(STORED);
  } catch {
    return null; // within the frame of a notebook nothing can be kept
  }
}

function keep(scheme) {
  try {
    localStorage.setItem(STORED, scheme);
  } catch {
    // the choice then lasts as long as the page
  }
}

export function addThemeSwitch(place) {
  const button = document.createElement("button");
  button.type = "button";
  button.className = "theme";
  const choose = (scheme) => {
    document.documentElement.dataset.theme = scheme;
    button.textContent = SCHEMES[scheme];
  };
  choose(stored() in SCHEMES ? stored() : "auto");
  button.addEventListener("click", () => {
    const names = Object.keys(SCHEMES);
    const next = names[(names.indexOf(document.documentElement.dataset.theme) + 1) % names.length];
    choose(next);
    keep(next);
  });
  place.append(button);
}
