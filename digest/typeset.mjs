// LaTeX -> MathML for all formulas of a build in one process.
// Standard input: {"root": folder whose node_modules has temml, "formulas": [[latex, display], …]}
// Standard output: [{"mathml": …} | {"message": …, "position": index or null}, …], in the same order.
import { readFileSync, writeSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";

const { root, formulas } = JSON.parse(readFileSync(0, "utf8"));
let temml;
try {
  temml = createRequire(join(root, "package.json"))("temml");
} catch (error) {
  process.stderr.write(`${error.code}: ${error.message.split("\n")[0]}\n`);
  process.exit(3);
}

// Strict mode reports some commands that LaTeX would refuse by printing only; here they are errors as well.
let printed = null;
console.log = console.warn = console.error = (message) => {
  printed ??= String(message);
};

function typeset([latex, display]) {
  printed = null;
  try {
    const mathml = temml.renderToString(latex, {
      displayMode: display,
      throwOnError: true,
      strict: true,
      trust: false,
      maxExpand: 200,
      maxSize: [10, 100], // [em], [pt]
    });
    return printed === null ? { mathml } : { message: printed, position: null };
  } catch (error) {
    const known = error instanceof temml.ParseError;
    const message = known ? error.message : error instanceof RangeError ? "nested too deeply" : "incomplete";
    // Temml counts UTF-16 units and Python characters.
    const position = Number.isInteger(error.position) ? [...latex.slice(0, error.position)].length : null;
    return { message: message.toWellFormed(), position };
  }
}

let rest = Buffer.from(JSON.stringify(formulas.map(typeset)));
while (rest.length > 0) {
  try {
    rest = rest.subarray(writeSync(1, rest));
  } catch (error) {
    if (error.code !== "EAGAIN") throw error; // a full pipe: the reader is still busy
  }
}
