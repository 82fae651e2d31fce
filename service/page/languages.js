/** The two languages: what can be chosen, what was found out, and swapping. */

import { element, part } from "./parts.js";

const AUTO = "auto";

export class Languages {
  /** changed: called when another language is chosen; swapped: when both are to change their places. */
  constructor({ changed, swapped }) {
    this.sourceSelect = part("source-language");
    this.targetSelect = part("target-language");
    this.known = [];
    this.found = null;
    this.changed = changed;
    this.sourceSelect.addEventListener("change", () => {
      this.#fit();
      changed();
    });
    this.targetSelect.addEventListener("change", changed);
    part("swap").addEventListener("click", swapped);
  }

  /** Offers these languages, as /languages lists them, and chooses two where they are among them. */
  fill(known, { source, target }) {
    this.known = known;
    const sources = known.filter(({ targets }) => targets.length);
    this.sourceSelect.replaceChildren(option(AUTO, "Detect language"), ...sources.map(optionOf));
    this.sourceSelect.value = sources.some(({ code }) => code === source) ? source : AUTO;
    this.#fit(target);
  }

  /** What to ask of the server. */
  get direction() {
    return { source: this.sourceSelect.value, target: this.targetSelect.value };
  }

  /** The language that was found out, {language, confidence}, or null. */
  set detected(detected) {
    this.found = this.direction.source === AUTO && detected ? this.#named(detected.language) : null;
    const [auto] = this.sourceSelect.options;
    if (auto) auto.text = this.found ? `${this.found.name} (auto)` : "Detect language";
  }

  /** The name of a language, by its code. */
  nameOf(code) {
    return this.#named(code)?.name ?? code;
  }

  /** Whether the text was found to be in the target language already. */
  get isDetectedTarget() {
    return this.found?.code === this.direction.target && Boolean(this.turn);
  }

  /** The language that was found, and one to translate it into; null where there is none. */
  get turn() {
    const other = this.found?.targets.find((code) => code !== this.found.code);
    return other ? { here: this.found, other: this.#named(other) } : null;
  }

  /** Chooses both, as if by hand. */
  choose(source, target) {
    this.sourceSelect.value = source;
    this.#fit(target);
    this.changed();
  }

  /** Both in each other's place; what was found out becomes a choice. Says nothing to anyone. */
  swap() {
    const { source, target } = this.direction;
    const from = source === AUTO ? (this.found?.code ?? this.#sourceOf(target)) : source;
    if (!this.#named(target)?.targets.includes(from)) return;
    this.sourceSelect.value = target;
    this.#fit(from);
  }

  /** Offers the languages that the source can be translated into; of all, where it is to be found out. */
  #fit(target = this.direction.target) {
    const { source } = this.direction;
    const codes = source === AUTO ? this.known.flatMap(({ targets }) => targets) : this.#named(source).targets;
    const targets = this.known.filter(({ code }) => codes.includes(code));
    this.targetSelect.replaceChildren(...targets.map(optionOf));
    if (targets.some(({ code }) => code === target)) this.targetSelect.value = target;
    this.detected = null;
  }

  #named(code) {
    return this.known.find((one) => one.code === code);
  }

  #sourceOf(target) {
    return this.known.find(({ targets }) => targets.includes(target))?.code;
  }
}

function optionOf({ code, name }) {
  return option(code, name);
}

function option(value, text) {
  return element("option", { value }, text);
}
