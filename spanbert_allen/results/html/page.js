import { addThemeSwitch } from "./theme.js";
import { enhance } from "./results.js";

addThemeSwitch(document.querySelector("header"));
for (const article of document.querySelectorAll("article")) enhance(article);
