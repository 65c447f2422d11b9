// Numbers as people type them and as pages show them, by the rules of calculators/derivation.py. There is no formula here,
// and no page: a parameter's bounds and the words of its rules come from the emitted module.

const LONGEST = 100; // characters
const DECIMAL = /^([+-]?)(?=\.?[0-9])([0-9]*)(?:\.([0-9]*))?(?:[eE]([+-]?[0-9]{1,3}))?$/;
const RATIO = /^([+-]?[0-9]+)\/([0-9]+)$/;
// What counts as blank at the ends, as Python has it.
const BLANK = "\\t-\\r\\x1c-\\x20\\x85\\xa0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000";
const ENDS = new RegExp(`^[${BLANK}]+|[${BLANK}]+$`, "g");
const INFINITY = ["oo", "inf", "infinity", "∞"];
const PARTS = 1_000_000n; // the largest denominator that most parameters take
const [SMALL, GREAT] = ["1e-30", "1e30"]; // the size of a number that is not exact, unless it is 0

const strip = (text) => text.replace(ENDS, "");

/** The {value} that a text says, exactly, or {broken}: the rule that it breaks. */
export function typed(Fraction, text) {
  const line = strip(text).replaceAll("−", "-");
  if ([...line].length > LONGEST) return { broken: "long" };
  const ratio = RATIO.exec(line);
  if (ratio) {
    const below = BigInt(ratio[2]);
    return below ? { value: new Fraction(BigInt(ratio[1]), below) } : { broken: "divided" };
  }
  const decimal = DECIMAL.exec(line);
  if (!decimal) return { broken: /(?![0-9])\p{Nd}/u.test(line) ? "digits" : "kind" };
  const [, sign, whole, part = "", exponent = "0"] = decimal;
  const places = part.length - Number(exponent);
  // The point is moved to the end: digits over a 1 with noughts.
  const value = new Fraction(BigInt(whole + part + "0".repeat(Math.max(0, -places))), noughts(places));
  return { value: sign === "-" ? value.neg() : value };
}

/** {value} as an exact Fraction, as a number where decimals are enough, or Infinity; else {problem}, what it must be. */
export function readNumber(Fraction, parameter, text) {
  if (parameter.infinite && INFINITY.includes(strip(text).toLowerCase())) return { value: Infinity };
  const read = typed(Fraction, text);
  const broken = read.broken ?? breaks(Fraction, parameter, read.value);
  if (broken) {
    const note = broken === "parts" && !text.includes("/") ? `; ${strip(text)} is ${read.value.toFraction()}` : "";
    return { problem: `must be ${parameter.rules[broken]}${note}` };
  }
  if (!parameter.real) return { value: read.value };
  return { value: text.includes("/") ? read.value.valueOf() : Number(strip(text).replaceAll("−", "-")) };
}

/** The first rule of the parameter that the number breaks. */
function breaks(Fraction, parameter, value) {
  const { minimum, maximum } = parameter;
  const beyond = (distance, open) => distance < 0 || (open && distance === 0);
  if (parameter.integer && value.d !== 1n) return "kind";
  if (minimum !== null && beyond(value.compare(new Fraction(minimum)), parameter.open)) return "kind";
  if (maximum !== undefined && beyond(new Fraction(maximum).compare(value), parameter.openMaximum)) return "kind";
  if (parameter.real) {
    const [small, great] = [SMALL, GREAT].map((text) => typed(Fraction, text).value);
    return value.n !== 0n && (value.abs().lt(small) || value.abs().gt(great)) ? "real" : undefined;
  }
  const largest = BigInt(parameter.largest);
  if (value.d === 1n) return value.n > largest ? "size" : undefined;
  return value.n > largest || value.d > BigInt(parameter.parts ?? PARTS) ? "parts" : undefined;
}

/** At most three decimals, halves to even as the build rounds; three digits where those begin later. */
export function rounded({ s, n, d }) {
  const sign = s < 0n ? "-" : ""; // a Fraction keeps its sign apart
  if (n * 10n >= d || n === 0n) {
    const text = String(whole(n, d, 3)).padStart(4, "0");
    return (n === 0n ? "" : sign) + `${text.slice(0, -3)}.${text.slice(-3)}`.replace(/\.?0+$/, "");
  }
  let places = 4;
  while (n * noughts(places) < 100n * d) places += 1;
  return sign + String(Number(`${whole(n, d, places)}e-${places}`));
}

/** n/d with its point moved `places` to the right, rounded to a whole number, halves to even. */
function whole(n, d, places) {
  const moved = n * noughts(places);
  const twice = 2n * (moved % d);
  return moved / d + (twice > d || (twice === d && (moved / d) % 2n === 1n) ? 1n : 0n);
}

/** A 1 with so many noughts, or 1 where there are to be none. */
const noughts = (places) => BigInt(`1${"0".repeat(Math.max(0, places))}`);

/** Whether a module's value is a fraction: no number, no form without value, not the null of silence, not what is known of a very large number. */
export const isExact = (value) => value !== null && typeof value === "object" && !("tens" in value);

/** The sign before a further output: what is no number at all is not rounded either. */
export const signOf = (value) => (isExact(value) || value === Infinity || Number.isNaN(value) ? "=" : "≈");

/** An exact text, or six digits of a number; of one beyond all doubles the power of ten; a text as it is. */
export function shown(value) {
  if (typeof value === "string") return value;
  if (value === Infinity) return "∞";
  if (value.tens !== undefined) return `10^${shown(value.tens)}`;
  if (typeof value !== "number") return value.toFraction();
  return Number.isFinite(value) ? String(Number(value.toPrecision(6))) : "–";
}
