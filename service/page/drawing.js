/** Parts of pictures, as SVG. */

const NAMESPACE = "http://www.w3.org/2000/svg";
const LONGEST = 18; // letters that are shown of a word

export const LETTER = 8.5; // about the width of a letter

/** A new element of a picture with attributes and what is in it. */
export function svg(name, attributes, ...contents) {
  const made = document.createElementNS(NAMESPACE, name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.append(...contents);
  return made;
}

/** What a part of a picture is called, which pointing at it shows. */
export function named(text) {
  return svg("title", {}, text);
}

/** A word that leans over. */
export function slanted(x, y, word, degrees) {
  return svg("text", { transform: `translate(${x} ${y}) rotate(${degrees})` }, shortened(word));
}

/** The most letters that are shown of one of the words. */
export function longest(words) {
  return Math.max(...words.map((word) => shortened(word).length), 1);
}

/** The word, cut where it is very long. */
export function shortened(word) {
  return word.length > LONGEST ? `${word.slice(0, LONGEST - 1)}…` : word;
}
