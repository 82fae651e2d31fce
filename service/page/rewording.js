/** Other words in a translation: what the search finds when the sentence is held to its beginning. */

import { post } from "./api.js";
import { Characters } from "./offsets.js";
import { ALTERNATIVES } from "./translating.js";

const SEARCHED = 15; // further translations, the most there are: many of them begin with the same word
const MOST_WORSE = 5; // in natural logarithms: 150 times less likely than the best; what is worse is seldom a sentence
const WORD = /^\s*(?:[\p{L}\p{N}\p{M}]+(?:[’'-][\p{L}\p{N}\p{M}]+)*|\S)/u;

/** What may stand in the place of a target word, {word, rest, text}, the likeliest first; `text` is the whole sentence. */
export async function otherWords(fields, { source, target, place, kept }) {
  const sentence = new Characters(target);
  const prefix = sentence.cut(0, place).trimEnd();
  const answer = await post("translate", { ...fields, q: source, prefix, alternatives: SEARCHED });
  const current = WORD.exec(sentence.cut(place))?.[0];
  const found = new Map();
  for (const text of likely(answer)) {
    const choice = continued(prefix, text);
    // With a prefix the server protects nothing, so what has lost a number or an address is not offered.
    const isWhole = kept.every((item) => text.includes(item));
    if (choice && isWhole && choice.word !== current && !found.has(choice.word)) found.set(choice.word, choice);
  }
  return [...found.values()];
}

/** The translation of a sentence that begins with `text`, which is all of it as a rule; with its explanation. */
export function held(fields, source, text) {
  return post("translate", { ...fields, q: source, prefix: text, explain: true });
}

/** The explanation of a sentence and this translation of it, with what happened in the network. */
export async function look(fields, source, target, signal) {
  const asked = { ...fields, q: source, alternatives: ALTERNATIVES, explain: "inside" };
  const best = await post("translate", asked, signal);
  return best.translatedText === target ? best : post("translate", { ...asked, prefix: target }, signal);
}

/** The translations that are not too unlikely beside the best one. */
function likely({ translatedText, score, alternatives, alternativeScores }) {
  return [translatedText, ...alternatives.filter((_, place) => alternativeScores[place] > score - MOST_WORSE)];
}

/** The word behind the prefix, and the rest; null where the prefix's own last word went on instead. */
function continued(prefix, text) {
  if (!text.startsWith(prefix)) return null;
  const left = text.slice(prefix.length);
  if (prefix && /^[\p{L}\p{N}\p{M}]/u.test(left) && /[\p{L}\p{N}\p{M}]$/u.test(prefix)) return null;
  const word = WORD.exec(left)?.[0];
  return word ? { word: word.trim(), rest: left.slice(word.length), text } : null;
}
