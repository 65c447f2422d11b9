// Starts the calculators of a page, and mends what a style sheet cannot.

for (const section of document.querySelectorAll("section[data-calculator]")) {
  const script = import("fit" in section.dataset ? "./fit-page.js" : "./widget.js");
  script.then(({ start }) => start(section)).catch((error) => {
    section.classList.add("is-still");
    const notice = section.querySelector("[data-notice]");
    notice.textContent = "The calculator could not be loaded, so the values stay as they are. The table has others.";
    notice.hidden = false;
    console.warn(error);
  });
}

// What only some pages have is loaded where it is: each such script has a function `start`.
for (const part of document.querySelectorAll("[data-script]")) {
  import(`./${part.dataset.script}.js`)
    .then((script) => script.start(part))
    .catch((error) => console.warn(error));
}

// A box that scrolls sideways can be reached with the keyboard, and says what it is. One that does not is no stop.
const BOXES = ".td-scroll:not(table *), .table, .formula, .td-long, .md-typeset pre > code, .md-typeset__scrollwrap:not(.table *)";
const NAMES = [[".formula, .td-long, .td-step__line", "Formula"], ["pre > code", "Code"]];
function reach(box) {
  const scrolls = box.scrollWidth > box.clientWidth + 1;
  if (scrolls && !box.hasAttribute("tabindex")) {
    const heading = [...document.querySelectorAll(".md-typeset :is(h1, h2, h3)")]
      .findLast((title) => title.compareDocumentPosition(box) & Node.DOCUMENT_POSITION_FOLLOWING);
    const name = (NAMES.find(([kind]) => box.matches(kind)) ?? ["", "Table"])[1];
    const within = heading ? ` in ${heading.firstChild.textContent.trim()}` : "";
    box.dataset.reached = "";
    box.tabIndex = 0;
    box.setAttribute("role", "group");
    box.setAttribute("aria-label", `${name}${within}, scrolls sideways`);
  } else if (!scrolls && "reached" in box.dataset) {
    for (const name of ["tabindex", "role", "aria-label", "data-reached"]) box.removeAttribute(name);
  }
}
// What is in a box can grow while the box keeps its size: a calculator puts a longer number into a formula.
const sizes = new ResizeObserver((entries) => {
  const touched = entries.flatMap(({ target }) => [target, target.parentElement]);
  new Set(touched.filter((element) => element?.matches(BOXES))).forEach(reach);
});
for (const box of document.querySelectorAll(BOXES)) for (const part of [box, ...box.children]) sizes.observe(part);

// On a phone the search field is behind a button, which sets the theme's hidden checkbox.
for (const button of document.querySelectorAll(".td-search-open")) {
  button.addEventListener("click", () => {
    document.getElementById("__search").click();
    document.querySelector("[data-md-component='search-query']").focus();
  });
}

// The theme puts a navigation landmark without a name into every block of code that can be copied.
document.querySelectorAll("pre").forEach((block, index) => {
  const name = () => block.querySelector(".md-code__nav")?.setAttribute("aria-label", `Code ${index + 1}`);
  name();
  new MutationObserver(name).observe(block, { childList: true, subtree: true });
});

// What the theme hides by size or opacity alone must not be reachable either.
for (const id of ["__drawer", "__search"]) {
  document.getElementById(id)?.setAttribute("tabindex", "-1");
  document.getElementById(id)?.setAttribute("aria-hidden", "true");
}

// On paper nothing is folded.
addEventListener("beforeprint", () => {
  for (const fold of document.querySelectorAll("details:not([open])")) {
    fold.open = true;
    fold.dataset.printed = "";
  }
});
addEventListener("afterprint", () => {
  for (const fold of document.querySelectorAll("details[data-printed]")) {
    fold.open = false;
    delete fold.dataset.printed;
  }
});
