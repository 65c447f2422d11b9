// The filter of a structured table: by kind, by words, in the address. Every row is in the page; this hides some.

const REST = 250; // [ms] of rest before a change is announced and comes into the address
const KNOWN = ["kind", "find"];

/** Starts the filter of the table in `box`. */
export function start(box) {
  new Filter(box).start();
}

class Filter {
  constructor(box) {
    this.form = box.querySelector("[data-filter]");
    this.notice = box.querySelector("[data-notice]");
    [this.shown, this.announced] = ["[data-shown]", "[data-announce]"].map((name) => box.querySelector(name));
    this.boxes = [...this.form.querySelectorAll('[name="kind"]')];
    this.find = this.form.elements.find;
    this.rows = [...box.querySelectorAll("tbody tr")].map((row) => ({ row, text: visible(row) }));
  }

  start() {
    this.readAddress();
    this.form.addEventListener("input", () => this.update());
    this.form.addEventListener("submit", (event) => event.preventDefault());
    this.form.addEventListener("reset", () => setTimeout(() => this.update()));
    // A link to a row that is hidden shows the row.
    addEventListener("hashchange", () => this.reveal());
    this.form.hidden = false;
    this.update(true);
    this.reveal();
    this.form.dataset.ready = "";
  }

  get kinds() {
    return this.boxes.filter((box) => box.checked).map((box) => box.value);
  }

  /** The filter from the address; what it cannot be is named and left out. */
  readAddress() {
    const query = new URLSearchParams(location.search);
    const known = this.boxes.map((box) => box.value);
    const asked = (query.get("kind") ?? "").split(",").filter(Boolean);
    for (const box of this.boxes) box.checked = asked.includes(box.value);
    this.find.value = (query.get("find") ?? "").slice(0, this.find.maxLength);
    const strange = asked.filter((kind) => !known.includes(kind)).map((kind) => kind.slice(0, 40));
    this.notice.hidden = strange.length === 0;
    this.notice.textContent = strange.length ? `Not used: the kinds here are ${known.join(", ")}, not ${strange.join(", ")}.` : "";
  }

  update(first = false) {
    const kinds = this.kinds;
    const words = plain(this.find.value).split(" ").filter(Boolean);
    const wanted = words.map(forms);
    let count = 0;
    for (const { row, text } of this.rows) {
      const fits = (kinds.length === 0 || kinds.includes(row.dataset.kind)) && wanted.every((some) => some.some((form) => text.includes(form)));
      row.classList.toggle("is-filtered", !fits);
      count += fits;
    }
    clearTimeout(this.timer);
    this.shown.textContent = `${count} of ${this.rows.length} rows`;
    const announce = () => (this.announced.textContent = this.shown.textContent);
    if (first) return announce();
    this.timer = setTimeout(() => {
      announce();
      const query = new URLSearchParams(location.search);
      for (const name of KNOWN) query.delete(name);
      if (kinds.length) query.set("kind", kinds.join(","));
      if (words.length) query.set("find", this.find.value.trim());
      const text = query.toString().replaceAll("%2C", ",");
      history.replaceState(history.state, "", `${location.pathname}${text && `?${text}`}${location.hash}`);
    }, REST);
  }

  reveal() {
    const target = this.rows.find(({ row }) => `#${row.id}` === location.hash)?.row;
    if (!target?.classList.contains("is-filtered")) return;
    this.form.reset();
    this.boxes.forEach((box) => (box.checked = false));
    this.find.value = "";
    this.update();
    target.scrollIntoView();
  }
}

/** Text without accents, capitals and runs of blanks, as it is searched. */
const plain = (text) => text.normalize("NFD").replace(/\p{M}/gu, "").toLowerCase().replace(/\s+/g, " ").trim();

/** What a row shows, as it is searched: without the words that only a screen reader says, and without dashes. */
function visible(row) {
  const copy = row.cloneNode(true);
  for (const part of copy.querySelectorAll(".td-hear, [aria-hidden]")) part.remove();
  return plain([...copy.cells].map((cell) => cell.textContent).join(" "));
}

/** The word, and what it is in the singular: who looks for incentives or policies means an incentive or a policy too. */
function forms(word) {
  const ends = [["ies", "y"], ["es", ""], ["s", ""]].filter(([end]) => word.endsWith(end) && word.length > end.length + 3);
  return [word, ...ends.map(([end, single]) => word.slice(0, -end.length) + single)];
}
