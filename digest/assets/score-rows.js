// Rows of a score table: read, checked, averaged, and as text. There is no formula and no page here: what computes and
// what is said comes from the emitted module that each function is given.

import { rounded, typed } from "./numbers.js";

// What counts as blank, as the site's own checks have it.
const BLANK = "\\t-\\r\\x1c-\\x20\\x85\\xa0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000";
const ENDS = new RegExp(`^[${BLANK}]+|[${BLANK}]+$`, "g");
const RUN = new RegExp(`[${BLANK}]+`, "g");
const REAL = /^[+-]?(?=\.?[0-9])[0-9]{0,15}(?:\.[0-9]{0,15})?(?:[eE][+-]?[0-9]{1,2})?$/;
const RATIO = /^([+-]?[0-9]{1,15})\/([0-9]{1,12})$/;
const SHOWN = 40;

export const strip = (text) => text.replace(ENDS, "");

/**
 * The games of a sound table, or what is wrong: {games, problems, sound, whole}, a problem being {row, column, text},
 * counted from 1. `sound` has for each row the numbers that can be used; `whole` is false where a row cannot be counted as
 * one game.
 */
export function check(module, rows) {
  const problems = [];
  let whole = true;
  const say = (rule, row, column, places = {}) => {
    problems.push({ row, column, text: fill(module.rules[rule], { row, column, ...places }) });
    whole &&= rule === "number" || rule === "above";
  };
  const sound = rows.map(() => ({}));
  if (rows.length < 1 || rows.length > module.mostRows) say("rows", 0, "", { count: rows.length });
  const games = [];
  const titles = new Set();
  rows.slice(0, module.mostRows).forEach((cells, index) => {
    const row = index + 1;
    if (cells.length !== module.numbers.length + 1) return say("width", row, "", { count: cells.length });
    const title = strip(cells[0]);
    if (title === "" || titles.has(title)) say("title", row, module.title, { value: quoted(title) });
    titles.add(title);
    const game = { title };
    sound[index] = game;
    const typed = {};
    module.numbers.forEach((column, place) => {
      typed[column] = strip(cells[place + 1]);
      const { value, rule } = read(module, typed[column]);
      if (rule) say("number", row, column, { rule, value: quoted(cells[place + 1]) });
      else game[column] = value;
    });
    const all = module.numbers.every((column) => column in game);
    for (const column of new Set(Object.values(module.scales).map((scale) => scale.baseline))) {
      if (!(column in game && "random" in game) || game[column].gt(game.random)) continue;
      if (all) say("above", row, column, { value: typed[column], random: typed.random });
      sound[index] = { ...sound[index], [column]: undefined };
    }
    if (all) games.push(game);
  });
  return { games: problems.length ? [] : games, problems, sound, whole };
}

/** A row's score on a scale, or null where a number that it needs cannot be used. */
function score(module, scale, game) {
  const baselines = Object.values(module.scales).map((other) => other.baseline);
  const needed = module.numbers.filter((column) => column === module.scales[scale].baseline || !baselines.includes(column));
  return needed.every((column) => game[column] !== undefined) ? module.normalised[scale](game) : null;
}

/** Each game's score on each scale, and each scale's mean and median, exactly; null where a number is missing. */
export function aggregates(module, games, whole = true) {
  return Object.fromEntries(
    Object.keys(module.scales).map((scale) => {
      const scores = games.map((game) => score(module, scale, game));
      if (!whole || scores.includes(null)) return [scale, { scores, mean: null, median: null }];
      const total = added(scores);
      const ordered = [...scores].sort((a, b) => a.compare(b));
      const [low, high] = [ordered[(games.length - 1) >> 1], ordered[games.length >> 1]];
      const mean = module.mean({ total, games: new module.Fraction(games.length) });
      return [scale, { scores, mean, median: module.middle({ low, high }) }];
    }),
  );
}

/** What a wrong gamer's score moved and what not, in sentences; `before` and `after` as `aggregates` has them. */
export function verdict(module, right, wrong, before, after) {
  const same = ([scale, statistic]) => before[scale][statistic].equals(after[scale][statistic]);
  const names = (kept) => listed(module.aggregates.filter((one) => same(one) === kept).map(([, , name]) => `the ${name}`));
  const [moved, still] = [names(false), names(true)];
  const count = before.gamer.scores.length;
  const shift = module.shift({ ...right, wrong: wrong.gamer, games: new module.Fraction(count) });
  const numbers = { false: module.normalised.gamer(wrong), right: module.normalised.gamer(right), shift };
  const exact = Object.values(numbers).every((value) => value.equals(new module.Fraction(decimal(value))));
  const places = Object.fromEntries(Object.entries(numbers).map(([name, value]) => [name, decimal(value)]));
  return [
    moved ? fill(module.words.moved, { moved, still }) : module.words.nothing,
    fill(module.words.shift, { ...places, count, sign: exact ? "=" : "≈" }),
    module.words.median,
    module.words.record,
  ];
}

const listed = (names) => [names.slice(0, -1).join(", "), names.at(-1)].filter(Boolean).join(" and ");

/** Two halves at a time, so that only the last sums have long denominators. */
function added(scores) {
  if (scores.length === 1) return scores[0];
  const half = scores.length >> 1;
  return added(scores.slice(0, half)).add(added(scores.slice(half)));
}

/** {value} of a typed number, exactly, or the {rule} that it breaks. */
function read(module, text) {
  const { value, broken } = typed(module.Fraction, text);
  if (broken) return { rule: module.readings[broken] };
  const size = value.abs();
  const fits = size.equals(0) || (size.gte(module.least) && size.lte(module.largest));
  return fits ? { value } : { rule: module.readings.real };
}

const fill = (words, places) => words.replace(/\{(\w+)\}/g, (_, place) => places[place]);

function quoted(text) {
  const line = [...strip(text).replace(RUN, " ")];
  return line.length > SHOWN ? `'${line.slice(0, SHOWN).join("")}…'` : `'${line.join("")}'`;
}

/** A fraction as the site's pages are built: three decimals, or three digits where those begin later. */
export const decimal = rounded;

/** A fraction with so many decimals at most; two digits where those are nought and the value is not. */
export function digits({ s, n, d }, places) {
  const unit = BigInt(`1${"0".repeat(places)}`);
  let count = (n * unit) / d;
  const rest = 2n * ((n * unit) % d);
  if (rest > d || (rest === d && count % 2n === 1n)) count += 1n;
  const sign = s < 0n ? "-" : "";
  if (count === 0n && n > 0n) return sign + small(n, d);
  const text = String(count).padStart(places + 1, "0");
  return sign + `${text.slice(0, -places)}.${text.slice(-places)}`.replace(/\.?0+$/, "");
}

function small(n, d) {
  const places = 320;
  const text = String((n * BigInt(`1${"0".repeat(places)}`)) / d).padStart(places, "0");
  return String(Number(Number(`0.${text}`).toPrecision(2)));
}

/** Cells of pasted text, with CSV's quotes; the first line shows whether tabs, commas or semicolons part them. */
export function parse(text) {
  const bare = text.replace(/"(?:[^"]|"")*"/g, "").trimStart().split(/[\r\n]/, 1)[0];
  const often = (mark) => bare.split(mark).length;
  const sign = bare.includes("\t") ? "\t" : often(";") > often(",") ? ";" : ",";
  const rows = [[]];
  let cell = "";
  let inside = false;
  let whole = false; // the cell was in quotes
  const next = () => {
    rows.at(-1).push(whole ? cell : strip(cell));
    [cell, whole] = ["", false];
  };
  for (let at = 0; at < text.length; at += 1) {
    const letter = text[at];
    if (inside && letter === '"' && text[at + 1] === '"') cell += text[(at += 1)];
    else if (inside && letter === '"') inside = false;
    else if (!inside && letter === '"' && strip(cell) === "") [cell, inside, whole] = ["", true, true];
    else if (!inside && letter === sign) next();
    else if (!inside && (letter === "\n" || letter === "\r")) {
      next();
      if (letter === "\r" && text[at + 1] === "\n") at += 1;
      rows.push([]);
    } else if (!(whole && !inside)) cell += letter;
  }
  next();
  return rows.map((cells) => cells.map(unguarded)).filter((cells) => cells.some((part) => part !== ""));
}

/** Whether a row names the columns instead of holding numbers. */
export const isHeader = (module, cells) =>
  module.numbers.every((column, place) => strip(cells[place + 1] ?? "").toLowerCase() === column);

/** CSV with quotes where they are needed. */
export const csv = (rows) => rows.map((cells) => cells.map(field).join(",") + "\r\n").join("");

// What a spreadsheet would take for a formula gets an apostrophe in front, which reading takes away again.
const GUARDED = /^'(?=[=+\-@])/;
const unguarded = (cell) => cell.replace(GUARDED, "");

function field(cell) {
  const safe = /^[=+\-@]/.test(cell) && !REAL.test(cell) && !RATIO.test(cell) ? `'${cell}` : cell;
  return /[",;\t\r\n]|^[\s']|\s$/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}
