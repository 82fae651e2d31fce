/** The pane with the translation: growing text, and words that can be pointed at and chosen. */

import { Lights } from "./lights.js";
import { Characters } from "./offsets.js";
import { element, part } from "./parts.js";

const STEPS = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1, Home: -Infinity, End: Infinity };

export class TargetPane {
  /** pointed: called with the word that is pointed at, or null; chosen: with the word that is clicked, and its element. */
  constructor({ pointed, chosen }) {
    this.sheet = part("translation");
    this.text = "";
    this.words = new Map(); // elements by the number of their word
    this.lights = new Lights();
    this.#listen(pointed, chosen);
  }

  /** Shows the beginning of a translation that grows; the rest of the one before stays while it may stay true. */
  grow(text) {
    const rest = this.text.startsWith(text) ? this.text.slice(text.length) : "";
    this.words.clear();
    this.sheet.replaceChildren(text, element("span", { className: "stale" }, rest));
  }

  /** Shows a whole translation with its words, {start, end} in characters, in order, and marks those of `unsure`. */
  show(text, words = [], unsure = []) {
    this.text = text;
    this.words.clear();
    const characters = new Characters(text);
    const parts = [];
    let place = 0;
    const marked = new Set(unsure);
    words.forEach(({ start, end }, word) => {
      const one = this.#word(word, characters.cut(start, end));
      if (marked.has(word)) {
        one.classList.add("unsure");
        one.setAttribute("aria-describedby", "unsure-note");
      }
      parts.push(characters.cut(place, start), one);
      place = end;
    });
    this.sheet.replaceChildren(...parts, characters.cut(place));
  }

  /** Lights words by how much each counts, {word: weight}. */
  light(weights) {
    this.lights.show(this.words, weights);
  }

  /** Moves the focus to a word. */
  focus(word) {
    this.words.get(word)?.focus();
  }

  #word(word, text) {
    const one = element("span", { className: "word", tabIndex: word === 0 ? 0 : -1, role: "button" }, text);
    one.ariaHasPopup = "menu";
    one.dataset.word = word;
    this.words.set(word, one);
    return one;
  }

  #listen(pointed, chosen) {
    this.sheet.addEventListener("pointerover", ({ target }) => pointed(wordOf(target)));
    this.sheet.addEventListener("pointerleave", () => pointed(null));
    this.sheet.addEventListener("focusin", ({ target }) => pointed(wordOf(target)));
    this.sheet.addEventListener("focusout", () => pointed(null));
    this.sheet.addEventListener("click", ({ target }) => {
      // Whoever drags over words wants to copy them.
      if (wordOf(target) !== null && getSelection().isCollapsed) chosen(wordOf(target), target);
    });
    this.sheet.addEventListener("keydown", (event) => this.#press(event, chosen));
  }

  #press(event, chosen) {
    const word = wordOf(event.target);
    if (word === null) return;
    if (event.key === "Enter" || event.key === " ") {
      chosen(word, event.target);
    } else if (event.key in STEPS) {
      this.#step(event.target, Math.min(Math.max(word + STEPS[event.key], 0), this.words.size - 1));
    } else {
      return;
    }
    event.preventDefault();
  }

  /** One word at a time is in the order of the tab key, so that a long text is one stop. */
  #step(from, word) {
    from.tabIndex = -1;
    this.words.get(word).tabIndex = 0;
    this.words.get(word).focus();
  }
}

function wordOf(one) {
  return one.dataset.word === undefined ? null : Number(one.dataset.word);
}
