// The frame follows the reader's choice of light or dark, before anything is painted.
document.documentElement.classList.remove("no-js");
const dark = matchMedia("(prefers-color-scheme: dark)");
const follow = () => (document.documentElement.dataset.mdColorScheme = dark.matches ? "slate" : "default");
dark.addEventListener("change", follow);
follow();
