/** Words that are lit because their counterparts are pointed at. */
export class Lights {
  #lit = [];

  /** Lights elements, {word: element}, by how much each word counts, {word: 0 to 1}; all others go out. */
  show(elements, weights) {
    for (const one of this.#lit) one.classList.remove("lit");
    this.#lit = [];
    for (const [word, weight] of weights) {
      const one = elements.get(word);
      if (!one) continue;
      one.classList.add("lit");
      one.style.setProperty("--weight", weight.toFixed(2));
      this.#lit.push(one);
    }
  }
}
