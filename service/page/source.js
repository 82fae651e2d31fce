/** The pane that is typed into: the text, its length, files, and marks behind words. */

import { Lights } from "./lights.js";
import { Characters } from "./offsets.js";
import { element, part } from "./parts.js";
import { roomText } from "./wording.js";

export class SourcePane {
  /** changed: called when the text is another one; pointed: with the mark that is pointed at, or null. */
  constructor({ changed, pointed, failed }) {
    this.area = part("text");
    this.backdrop = part("backdrop");
    this.changed = changed;
    this.pointed = pointed;
    this.failed = failed;
    this.limit = Infinity;
    this.marks = [];
    this.words = new Map(); // the elements behind the words that are marked
    this.lights = new Lights();
    this.#listen();
    this.#draw();
  }

  get text() {
    return this.area.value;
  }

  set text(text) {
    this.area.value = text;
    this.#edited();
  }

  /** How many characters a request may hold. */
  set characterLimit(limit) {
    this.limit = limit;
    this.#draw();
  }

  get isTooLong() {
    return new Characters(this.text).length > this.limit;
  }

  /** Puts marks behind stretches of the text: {start, end, kind, word} in characters, in order; word may be null. */
  mark(marks) {
    this.marks = marks;
    this.#draw();
  }

  /** Lights words by how much each counts, {word: weight}. */
  light(weights) {
    this.lights.show(this.words, weights);
  }

  #listen() {
    this.area.addEventListener("input", () => this.#edited());
    this.area.addEventListener("pointermove", (event) => this.pointed(this.#wordAt(event)));
    this.area.addEventListener("pointerleave", () => this.pointed(null));
    // The caret points, too, so that the keyboard is enough.
    document.addEventListener("selectionchange", () => {
      if (document.activeElement === this.area) this.pointed(this.#wordAtCaret());
    });
    this.area.addEventListener("focus", () => this.pointed(this.#wordAtCaret()));
    this.area.addEventListener("blur", () => this.pointed(null));
    part("clear").addEventListener("click", () => {
      this.text = "";
      this.area.focus();
    });
    this.#listenForFiles();
  }

  #listenForFiles() {
    const pane = part("source-pane");
    part("open").addEventListener("click", () => part("file").click());
    part("file").addEventListener("change", ({ target }) => {
      this.#read(target.files[0]);
      target.value = ""; // the same file may be chosen again
    });
    // Over the whole window, as a file that misses the pane would replace the page.
    window.addEventListener("dragover", (event) => {
      event.preventDefault();
      pane.classList.add("dropping");
    });
    window.addEventListener("dragleave", () => pane.classList.remove("dropping"));
    window.addEventListener("drop", (event) => {
      event.preventDefault();
      pane.classList.remove("dropping");
      const { files } = event.dataTransfer;
      if (files.length) this.#read(files[0]);
      else if (event.dataTransfer.getData("text")) this.text = event.dataTransfer.getData("text");
    });
  }

  async #read(file) {
    if (!file) return;
    try {
      this.text = await readText(file, this.limit);
    } catch (error) {
      this.failed(error);
    }
  }

  #edited() {
    this.marks = [];
    this.#draw();
    this.changed();
  }

  #draw() {
    const text = new Characters(this.text);
    const parts = [];
    let place = 0;
    this.words.clear();
    for (const { start, end, kind, word } of this.marks) {
      const mark = element("mark", { className: kind }, text.cut(start, end));
      if (word !== null) this.words.set(word, mark);
      parts.push(text.cut(place, start), mark);
      place = end;
    }
    // The line feed gives an empty last line its height.
    this.backdrop.replaceChildren(...parts, `${text.cut(place)}\n`);
    this.#count(text.length);
  }

  #count(count) {
    part("count").textContent = Number.isFinite(this.limit) ? roomText(count, this.limit) : "";
    part("count").classList.toggle("over", count > this.limit);
    part("clear").hidden = !count;
  }

  #wordAt({ clientX, clientY }) {
    const under = document.elementsFromPoint(clientX, clientY);
    const mark = under.find((one) => one.parentElement === this.backdrop);
    for (const [word, one] of this.words) if (one === mark) return word;
    return null;
  }

  #wordAtCaret() {
    const caret = this.area.selectionStart;
    const text = new Characters(this.text);
    const mark = this.marks.find(({ start, end }) => text.unit(start) <= caret && caret <= text.unit(end));
    return mark?.word ?? null;
  }
}

/** The text of a file in UTF-8 or UTF-16; an Error in words for one that is none, or too long. */
async function readText(file, limit) {
  // No encoding has less than one byte a character, and none of these more than four.
  if (file.size > 4 * limit + 4) throw new Error(`“${file.name}” is longer than this server takes at once.`);
  const bytes = new Uint8Array(await file.arrayBuffer());
  const encoding = { "255,254": "utf-16le", "254,255": "utf-16be" }[bytes.slice(0, 2).join()] ?? "utf-8";
  try {
    const text = new TextDecoder(encoding, { fatal: true }).decode(bytes);
    if (!text.includes("\0")) return text;
  } catch {
    // told below
  }
  throw new Error(`“${file.name}” is no text in UTF-8 or UTF-16. Save it as plain text and drop it again.`);
}
