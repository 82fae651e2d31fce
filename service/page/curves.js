/** A picture of numbers over pieces: a curve for each name. */

import { LETTER, longest, named, slanted, svg } from "./drawing.js";
import { element } from "./parts.js";

const STEP = 46; // from one piece to the next
const HEIGHT = 130;
const TOP = 10;
const LEFT = 44;
const CLASSES = ["first", "second", "third"];

/** A figure of curves {name: numbers} from 0 to `most`, a number for each piece. */
export function curves(title, pieces, values, most = 1) {
  const foot = LETTER * longest(pieces) * 0.72 + 20;
  const [width, height] = [LEFT + STEP * pieces.length + foot, TOP + HEIGHT + foot];
  const picture = svg("svg", { viewBox: `0 0 ${width} ${height}`, width, height, role: "img" });
  picture.append(named(`${title}, at ${pieces.length} pieces: ${Object.keys(values).join(", ")}`));
  for (const share of [0, 0.5, 1]) picture.append(...line(share, most, pieces.length));
  Object.entries(values).forEach(([name, numbers], place) => {
    picture.append(...curve(name, numbers.map((number) => number / most), numbers, pieces, CLASSES[place]));
  });
  pieces.forEach((piece, place) => picture.append(slanted(middle(place), TOP + HEIGHT + 14, piece, 45)));
  return element("figure", {}, element("figcaption", {}, `${title}: `, ...keys(Object.keys(values))), picture);
}

function line(share, most, pieces) {
  const y = TOP + HEIGHT * (1 - share);
  return [
    svg("line", { class: "grid", x1: LEFT, x2: LEFT + STEP * pieces, y1: y, y2: y }),
    svg("text", { x: LEFT - 6, y, "text-anchor": "end", dy: "0.35em" }, Number((most * share).toPrecision(2)).toString()),
  ];
}

function curve(name, shares, numbers, pieces, kind) {
  const points = shares.map((share, place) => [middle(place), TOP + HEIGHT * (1 - share)]);
  const dots = points.map(([cx, cy], place) => {
    const dot = svg("circle", { class: `dot ${kind}`, cx, cy, r: 4 });
    dot.append(named(`${pieces[place]}: ${name} ${numbers[place].toFixed(3)}`));
    return dot;
  });
  return [svg("polyline", { class: `curve ${kind}`, points: points.join(" ") }), ...dots];
}

function keys(names) {
  return names.flatMap((name, place) => [place ? " · " : "", element("strong", { className: CLASSES[place] }, name)]);
}

function middle(place) {
  return LEFT + STEP * (place + 0.5);
}
