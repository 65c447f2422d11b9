// A table of games that the reader edits: cells in, scores and means out. There is no formula here; reading, checking
// and averaging are in score-rows.js, and every formula and every word comes from the emitted module.

import { aggregates, check, csv, decimal, digits, isHeader, parse, strip, verdict } from "./score-rows.js";

const HUSH = 700; // [ms] of rest before a change is announced
const REST = 200; // [ms] of rest before a change comes into the address
const MARK = "#games=";
const LONGEST_LINK = 20_000; // signs
const GAMER = 3; // the place of the gamer's score in a row
const CHANGED = "This table has been changed. Rows whose titles say so are invented.";
const PLACES = 12; // decimals in the results' CSV

/** Starts the table in `section`. */
export async function start(section) {
  new Table(section, await import(new URL(section.dataset.module, document.baseURI))).start();
}

class Table {
  constructor(section, module) {
    this.section = section;
    this.module = module;
    this.columns = [module.title, ...module.numbers];
    this.scales = Object.keys(module.scales);
    this.body = this.find("[data-rows]");
    [this.on, this.game, this.value] = ["[data-on]", "[data-game]", "[data-value]"].map((name) => this.find(name));
    this.example = [...this.body.rows].map((row) => this.columns.map((_, place) => row.cells[place + 1].textContent));
    this.note = this.find("[data-note]").textContent;
    this.headers = Object.fromEntries(this.scales.map((scale) => [scale, module.scales[scale].title]));
  }

  find(selector) {
    return this.section.querySelector(selector);
  }

  start() {
    const head = this.section.querySelector("thead tr");
    head.append(element("th", { scope: "col" }, element("span", { class: "td-hear" }, "remove")));
    this.section.classList.add("is-live");
    this.reset(this.example);
    this.readLink();
    addEventListener("hashchange", () => this.readLink() && this.update());
    this.body.addEventListener("input", () => this.update());
    this.body.addEventListener("paste", (event) => this.pasted(event));
    this.body.addEventListener("keydown", (event) => this.moved(event));
    for (const control of [this.on, this.game, this.value]) control.addEventListener("input", () => this.update());
    const doings = {
      add: () => this.insert([this.columns.map(() => "")], true),
      example: () => this.reset(this.example),
      empty: () => this.insert([this.columns.map(() => "")], true, true),
      replace: () => this.take(true),
      append: () => this.take(false),
    };
    for (const button of this.section.querySelectorAll("[data-do]")) {
      button.addEventListener("click", () => {
        doings[button.dataset.do]();
        this.update();
      });
    }
    this.copies();
    for (const part of ["[data-hint]", "[data-bar]", "[data-paste]", "[data-switch]"]) this.find(part).hidden = false;
    this.update(true);
    this.section.dataset.ready = "";
  }

  /** What is typed, row by row. */
  get rows() {
    return [...this.body.rows].map((row) => [...row.querySelectorAll("input")].map((field) => field.value));
  }

  reset(rows) {
    this.on.checked = false;
    this.fill(rows);
    this.game.value = this.section.dataset.wrongRow;
    this.value.value = this.section.dataset.wrong;
  }

  /** Puts rows of cells into the table, in place of those that it has. */
  fill(rows) {
    this.body.replaceChildren(...rows.map((cells, index) => this.row(cells, index + 1)));
    const picked = Number(this.game.value) || Number(this.section.dataset.wrongRow);
    this.game.replaceChildren(...rows.map((_, index) => element("option", { value: String(index + 1) }, "")));
    this.game.value = String(Math.min(picked, rows.length));
  }

  row(cells, number) {
    const fields = this.columns.map((column, place) => {
      const numeric = place > 0;
      const field = element("input", {
        type: "text",
        "aria-label": `Row ${number}, ${column}`,
        autocomplete: "off",
        spellcheck: "false",
        "data-cell": column,
        ...(numeric ? { inputmode: "decimal" } : {}),
      });
      field.value = cells[place] ?? "";
      return element("td", { role: "cell", "data-label": column, class: numeric ? "td-scores__cell" : "td-scores__title" }, field);
    });
    const values = this.scales.map((scale) =>
      element("td", { role: "cell", class: "td-scores__value", "data-label": this.headers[scale], "data-score": scale }),
    );
    const remove = element("button", { type: "button", class: "td-scores__remove", "aria-label": `Remove row ${number}` }, "×");
    remove.addEventListener("click", () => this.remove(number));
    return element(
      "tr",
      { role: "row" },
      element("th", { role: "rowheader", scope: "row" }, String(number)),
      ...fields,
      ...values,
      element("td", { role: "cell", class: "td-scores__end" }, remove),
    );
  }

  cell(row, place) {
    return this.body.rows[row]?.querySelectorAll("input")[place];
  }

  /** Adds rows at the end; with `focus` the first new title is where the reader goes on. */
  insert(rows, focus = false, alone = false) {
    const before = alone ? [] : this.rows;
    this.fill([...before, ...rows]);
    if (focus) this.cell(before.length, 0).focus();
  }

  remove(number) {
    const picked = Number(this.game.value);
    this.fill(this.rows.filter((_, index) => index !== number - 1));
    if (picked > number) this.game.value = String(picked - 1);
    const next = this.body.rows[Math.min(number, this.body.rows.length) - 1];
    (next?.querySelector("button") ?? this.find('[data-do="add"]')).focus();
    this.update();
  }

  /** The text below the table as rows; those that are no rows are named, and nothing is taken. */
  take(alone) {
    const area = this.find("textarea");
    const found = parse(area.value);
    const names = found.length > 0 && isHeader(this.module, found[0]);
    if (names) found.shift();
    const before = alone ? [] : this.rows.filter((cells) => cells.some((cell) => strip(cell) !== ""));
    const wrong = this.misshapen(found, before.length + found.length);
    if (wrong.length) return this.notice(`Nothing was taken: ${wrong.join("; ")}.`);
    this.fill([...before, ...found]);
    area.value = "";
    this.notice(`${found.length} ${found.length === 1 ? "row" : "rows"} taken${names ? "; the line with the names was left out" : ""}.`);
  }

  /** What is wrong with the shape of rows, in the words of the rules. */
  misshapen(rows, total) {
    const wide = rows.filter((cells) => cells.length !== this.columns.length).slice(0, 3);
    const shaped = (row) => [...row.slice(0, 1), ...Array(Math.max(0, row.length - 1)).fill("")];
    const lines = wide.map((cells) => {
      const row = rows.indexOf(cells) + 1;
      const { text } = check(this.module, [shaped(cells)]).problems[0];
      return text.replace(/^row 1:/, `row ${row}:`);
    });
    if (total < 1 || total > this.module.mostRows) lines.push(check(this.module, Array(total).fill([])).problems[0].text);
    return lines;
  }

  /** Cells pasted into a cell go right and down from it; a single value goes the browser's way. */
  pasted(event) {
    const field = event.target.closest("input");
    const text = event.clipboardData?.getData("text/plain") ?? "";
    const several = /[\t\r\n]/.test(text.trim()) || text.split(",").length === this.columns.length;
    if (!field || !several) return;
    event.preventDefault();
    const found = parse(text);
    if (found.length && isHeader(this.module, found[0])) found.shift();
    const rows = this.rows;
    const top = [...this.body.rows].indexOf(field.closest("tr"));
    const left = this.columns.indexOf(field.dataset.cell);
    const right = Math.max(...found.map((cells) => left + cells.length));
    if (right > this.columns.length) {
      return this.notice(`Nothing was pasted: the table has ${this.columns.length} columns, and the cells would reach column ${right}.`);
    }
    const wrong = this.misshapen([], Math.max(rows.length, top + found.length));
    if (wrong.length) return this.notice(`Nothing was pasted: ${wrong.join("; ")}.`);
    found.forEach((cells, down) => {
      rows[top + down] ??= this.columns.map(() => "");
      cells.forEach((cell, along) => (rows[top + down][left + along] = cell));
    });
    this.fill(rows);
    this.cell(top, left).focus();
    this.notice("");
    this.update();
  }

  /** Up, down and Enter go from row to row; Enter in the last row adds one. */
  moved(event) {
    const step = { ArrowUp: -1, ArrowDown: 1, Enter: 1 }[event.key];
    const field = event.target.closest("input");
    if (!step || !field || event.isComposing) return;
    event.preventDefault();
    const row = [...this.body.rows].indexOf(field.closest("tr")) + step;
    const place = this.columns.indexOf(field.dataset.cell);
    if (event.key === "Enter" && row === this.body.rows.length) {
      this.insert([this.columns.map(() => "")]);
      this.update();
    }
    this.cell(row, place)?.focus();
  }

  /** Reads every cell and shows the numbers, or what is wrong. */
  update(first = false) {
    const { rows, module } = this;
    const { games, problems, sound, whole } = check(module, rows);
    const place = Number(this.game.value) - 1;
    const changed = rows.map((cells, row) => cells.map((cell, at) => (row === place && at === GAMER ? this.value.value : cell)));
    const wrong = this.on.checked && problems.length === 0 ? check(module, changed) : { games: [], problems: [] };
    rows.forEach(([title], index) => (this.game.options[index].textContent = `${index + 1} ${strip(title)}`));
    this.complain(problems);
    this.value.toggleAttribute("aria-invalid", false);
    if (wrong.problems.length) this.value.setAttribute("aria-invalid", "true");
    this.find("[data-wrong-message]").textContent = wrong.problems[0]?.text ?? "";
    this.find("[data-note]").textContent = JSON.stringify(rows) === JSON.stringify(this.example) ? this.note : CHANGED;
    this.fine = problems.length === 0;
    this.show(rows, this.fine ? games : sound, whole, wrong.games, place);
    if (first) return;
    this.writeLink(rows);
    this.announce([...problems, ...wrong.problems]);
  }

  /** One line a mistake, and a mark on its cell. */
  complain(problems) {
    const list = this.find("[data-problems]");
    for (const field of this.body.querySelectorAll("[aria-invalid]")) {
      field.removeAttribute("aria-invalid");
      field.removeAttribute("aria-describedby");
    }
    list.replaceChildren(
      ...problems.map(({ row, column, text }, index) => {
        const id = `td-scores-problem-${index}`;
        const field = column && this.cell(row - 1, this.columns.indexOf(column));
        if (field && !field.hasAttribute("aria-invalid")) {
          field.setAttribute("aria-invalid", "true");
          field.setAttribute("aria-describedby", id);
        }
        return element("li", { id }, text);
      }),
    );
    list.hidden = problems.length === 0;
  }

  /** Scores, means and medians; a dash where what they need is wrong. */
  show(rows, games, whole, wrong, place) {
    const { module } = this;
    const before = aggregates(module, games, whole);
    const after = wrong.length ? aggregates(module, wrong) : null;
    this.results = { games, before, after };
    [...this.body.rows].forEach((row, index) => {
      for (const target of row.querySelectorAll("[data-score]")) {
        const scale = target.dataset.score;
        this.number(target, before[scale].scores[index]);
        if (!after || index !== place || after[scale].scores[index].equals(before[scale].scores[index])) continue;
        const aside = element("span", { class: "td-scores__false" }, `with ${strip(this.value.value)}: `);
        aside.append(...this.parts(after[scale].scores[index]));
        target.append(aside);
      }
    });
    this.find("[data-stale]").hidden = module.aggregates.every(([scale, statistic]) => before[scale][statistic] !== null);
    for (const [scale, statistic] of module.aggregates) {
      const line = this.find(`[data-aggregate="${scale}-${statistic}"]`);
      this.number(line.querySelector("[data-before]"), before[scale][statistic]);
      if (!after) continue;
      this.number(line.querySelector("[data-after]"), after[scale][statistic]);
      const moved = module.moved({ before: before[scale][statistic], after: after[scale][statistic] });
      this.number(line.querySelector("[data-moved]"), moved);
      line.classList.toggle("is-moved", !moved.equals(0));
    }
    for (const part of this.section.querySelectorAll("[data-wrong-part]")) part.hidden = !after;
    if (!after) return;
    const said = verdict(module, games[place], wrong[place], before, after);
    this.find("[data-words]").replaceChildren(...said.map((sentence) => element("li", {}, sentence)));
    this.find("[data-wrong-words]").textContent = `${strip(this.value.value)} instead of ${strip(rows[place][GAMER])} as the gamer’s score of ${games[place].title}`;
  }

  number(target, value) {
    target.replaceChildren(...(value === null ? ["–"] : this.parts(value)));
  }

  /** The decimals, and the exact fraction where they are not all of it and it is short. */
  parts(value) {
    const short = decimal(value);
    const exact = value.toFraction();
    const parts = [element("b", {}, short)];
    if (!value.equals(new this.module.Fraction(short)) && exact.length <= this.module.longest) {
      parts.push(" ", element("span", { class: "td-scores__exact" }, exact));
    }
    return parts;
  }

  notice(text) {
    const place = this.find("[data-notice]");
    place.textContent = text;
    place.hidden = text === "";
  }

  /** Says the means once the reader rests, for those who listen. */
  announce(problems) {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => {
      const { before, after } = this.results ?? {};
      const said = () => this.module.aggregates.map(([scale, statistic, name]) => {
        const then = after ? `, ${decimal(after[scale][statistic])} with the wrong number` : "";
        return `${name} ${decimal(before[scale][statistic])}${then}`;
      });
      const notice = this.find("[data-notice]").textContent;
      const wrong = `${problems.length} ${problems.length === 1 ? "mistake" : "mistakes"}: ${problems.map(({ text }) => text).join(". ")}`;
      this.find("[data-announce]").textContent = [notice, problems.length ? wrong : said().join("; ")].filter(Boolean).join(" ");
    }, HUSH);
  }

  /** The part of the address that holds the table, or nothing for the example as it is. */
  fragment(rows) {
    const same = JSON.stringify(rows) === JSON.stringify(this.example);
    if (same && !this.on.checked) return "";
    const text = rows.map((cells) => cells.map((cell) => strip(cell).replace(/[\t\r\n]+/g, " ")).join("\t")).join("\n");
    const wrong = this.on.checked ? `&row=${this.game.value}&wrong=${encodeURIComponent(strip(this.value.value))}` : "";
    return MARK + encodeURIComponent(text) + wrong;
  }

  writeLink(rows) {
    clearTimeout(this.rest);
    this.rest = setTimeout(() => {
      const held = this.fragment(rows);
      if (held || location.hash.startsWith(MARK)) history.replaceState(history.state, "", location.pathname + location.search + held);
    }, REST);
  }

  /** Whether the address brought a table; one that cannot be is named and left out. */
  readLink() {
    if (!location.hash.startsWith(MARK)) return false;
    let rows = [];
    let wrong = new URLSearchParams();
    try {
      if (location.hash.length > LONGEST_LINK) throw new RangeError();
      const [text, ...rest] = location.hash.slice(MARK.length).split("&");
      rows = decodeURIComponent(text).split("\n").map((line) => line.split("\t"));
      wrong = new URLSearchParams(rest.join("&"));
    } catch {
      this.notice("The table in the link cannot be read; the example stands instead.");
      return false;
    }
    const problems = this.misshapen(rows, rows.length);
    if (problems.length) {
      this.notice(`The table in the link is not used, the example stands instead: ${problems.join("; ")}.`);
      return false;
    }
    this.reset(rows);
    this.on.checked = wrong.has("wrong");
    if (wrong.has("wrong")) this.value.value = wrong.get("wrong").slice(0, 40);
    const row = Number(wrong.get("row"));
    if (Number.isInteger(row) && row >= 1 && row <= rows.length) this.game.value = String(row);
    this.notice("");
    return true;
  }

  /** The table, or each game's scores and the means, as CSV. */
  text(kind) {
    if (kind === "table") return csv([this.columns, ...this.rows.map((cells) => cells.map(strip))]);
    const { games, before, after } = this.results;
    const line = (what, scale, value, other) => [what, scale, digits(value, PLACES), value.toFraction(), ...(after ? [digits(other, PLACES), other.toFraction()] : [])];
    const lines = games.flatMap(({ title }, index) => this.scales.map((scale) => line(title, scale, before[scale].scores[index], after?.[scale].scores[index])));
    for (const [scale, statistic] of this.module.aggregates) lines.push(line(`${statistic} over ${games.length} games`, scale, before[scale][statistic], after?.[scale][statistic]));
    const heads = ["what", "scale", "value", "exact", ...(after ? ["value with one wrong baseline", "exact with one wrong baseline"] : [])];
    return csv([heads, ...lines]);
  }

  copies() {
    const bar = this.find("[data-copies]");
    const told = bar.querySelector("[data-copied]");
    const possible = (kind) => kind !== "results" || this.fine;
    for (const button of bar.querySelectorAll("[data-copy]")) {
      button.addEventListener("click", async () => {
        const kind = button.dataset.copy;
        if (!possible(kind)) return (told.textContent = "Not while there are mistakes in the table.");
        const link = new URL(this.section.dataset.page, document.baseURI).href + this.fragment(this.rows);
        try {
          await navigator.clipboard.writeText(kind === "link" ? link : this.text(kind));
          told.textContent = `${button.textContent} copied`;
        } catch {
          told.textContent = "The browser does not let pages copy.";
        }
      });
    }
    for (const button of bar.querySelectorAll("[data-save]")) {
      button.addEventListener("click", () => {
        const kind = button.dataset.save;
        if (!possible(kind)) return (told.textContent = "Not while there are mistakes in the table.");
        const file = URL.createObjectURL(new Blob([this.text(kind)], { type: "text/csv;charset=utf-8" }));
        element("a", { href: file, download: `normalised-score-${kind}.csv` }).click();
        setTimeout(() => URL.revokeObjectURL(file), HUSH);
        told.textContent = `${button.textContent} saved`;
      });
    }
    bar.hidden = false;
  }
}

function element(name, attributes, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.append(...children);
  return made;
}
