// [kind, words or tag, contrast with the paper] of each letter, mark and line of the visible figures.
() => {
  const parts = (colour) => colour.match(/[\d.]+/g).slice(0, 3).map((part) => part / 255);
  const linear = (part) => (part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4);
  const luminance = (colour) => {
    const [red, green, blue] = parts(colour).map(linear);
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
  };
  const paper = luminance(getComputedStyle(document.body).backgroundColor);
  const contrast = (colour) => {
    const ends = [luminance(colour), paper].sort((one, other) => one - other);
    return (ends[1] + 0.05) / (ends[0] + 0.05);
  };
  const found = [];
  for (const drawing of document.querySelectorAll(".td-figure__drawing")) {
    if (!drawing.getClientRects().length) continue;
    for (const text of drawing.querySelectorAll("text")) {
      found.push(["letter", text.textContent, contrast(getComputedStyle(text).fill)]);
    }
    for (const mark of drawing.querySelectorAll("use, path")) {
      const stroke = getComputedStyle(mark).stroke;
      const grid = mark.outerHTML.includes("--td-figure-line") || mark.closest("defs");
      if (stroke !== "none" && !grid) found.push(["mark", mark.tagName, contrast(stroke)]);
    }
  }
  return found;
}
