/** A picture of attention: a row for each word of the translation, a column for each of the text. */

import { LETTER, longest, named, shortened, slanted, svg } from "./drawing.js";

const CELL = 30;

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
    picture.append(slanted(left + CELL * (column + 0.5), top - 6, word, -45));
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
