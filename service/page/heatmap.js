/** A picture of attention: a row for each word of the translation, a column for each of the text. */

const NAMESPACE = "http://www.w3.org/2000/svg";
const CELL = 30;
const LETTER = 8.5; // about the width of a letter
const LONGEST = 18; // letters that are shown of a word

/** An SVG of weights (target words, source words) from 0 to 1, with the words at its edges. */
export function heatmap(sources, targets, weights) {
  const left = LETTER * longest(targets) + 12;
  const top = LETTER * longest(sources) * 0.72 + 16;
  // Slanted words lean out to the right.
  const width = left + CELL * sources.length + top;
  const height = top + CELL * targets.length + 4;
  const picture = svg("svg", { viewBox: `0 0 ${width} ${height}`, width, height, role: "img" });
  picture.append(named(`Attention of ${targets.length} words of the translation to ${sources.length} of the text`));
  sources.forEach((word, column) => {
    const [x, y] = [left + CELL * (column + 0.5), top - 6];
    picture.append(svg("text", { transform: `translate(${x} ${y}) rotate(-45)` }, shortened(word)));
  });
  targets.forEach((word, row) => {
    const y = top + CELL * (row + 0.5);
    picture.append(svg("text", { x: left - 8, y, "text-anchor": "end", dy: "0.35em" }, shortened(word)));
    sources.forEach((source, column) => {
      const corner = { x: left + CELL * column, y: top + CELL * row };
      picture.append(cell(corner, weights[row][column], `${word} ← ${source}`));
    });
  });
  return picture;
}

function cell(corner, weight, words) {
  const ground = svg("rect", { ...corner, width: CELL - 2, height: CELL - 2, rx: 4, class: "ground" });
  const ink = svg("rect", { ...corner, width: CELL - 2, height: CELL - 2, rx: 4, class: "ink" });
  ink.setAttribute("fill-opacity", weight.toFixed(3));
  const both = svg("g", {}, ground, ink);
  both.append(named(`${words}: ${Math.round(100 * weight)} %`));
  return both;
}

function named(text) {
  return svg("title", {}, text);
}

function longest(words) {
  return Math.max(...words.map((word) => shortened(word).length), 1);
}

function shortened(word) {
  return word.length > LONGEST ? `${word.slice(0, LONGEST - 1)}…` : word;
}

function svg(name, attributes, ...contents) {
  const made = document.createElementNS(NAMESPACE, name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.append(...contents);
  return made;
}
