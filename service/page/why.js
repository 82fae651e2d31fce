/** What the words of a translation come from: lights in both panes, marks in the text, and the picture of attention. */

import { Explanation } from "./explanation.js";
import { heatmap } from "./heatmap.js";
import { Characters } from "./offsets.js";
import { part } from "./parts.js";
import { confidenceText } from "./wording.js";

const NOTHING = new Map();

export class Why {
  constructor(source, target, inside) {
    Object.assign(this, { source, target, inside });
    this.details = part("why");
    this.details.addEventListener("toggle", () => this.#draw());
    this.show(new Explanation(), "", "");
  }

  /** Shows a translation of the text with its explanation. */
  show(explanation, text, translation) {
    Object.assign(this, { explanation, text: new Characters(text), translation: new Characters(translation) });
    this.sentence = 0;
    this.target.show(translation, explanation.targetWords, explanation.unsure(this.translation));
    this.missed = explanation.missed(this.text);
    this.source.mark(this.#marks());
    this.details.hidden = !explanation.targetWords.length;
    part("hint").hidden = this.details.hidden;
    this.#tellConfidence(null);
    this.#draw();
  }

  /** The words that are probably not translated. */
  get missedWords() {
    return this.missed.map((word) => cut(this.text, this.explanation.sourceWords[word]));
  }

  /** Lights the source words of a target word; null: nothing is pointed at. */
  pointTarget(word) {
    this.target.light(NOTHING);
    this.source.light(word === null ? NOTHING : this.explanation.sourcesOf(word));
    this.#tellConfidence(word);
    if (word !== null) this.#turnTo(this.explanation.targetWords[word].sentence);
  }

  /** Lights the target words of a source word, and itself. */
  pointSource(word) {
    this.source.light(word === null ? NOTHING : new Map([[word, 1]]));
    this.target.light(word === null ? NOTHING : this.explanation.targetsOf(word));
    if (word !== null) this.#turnTo(this.explanation.sourceWords[word].sentence);
  }

  /** The sentence that a target word is in: its number, text, translation, what must stay in that, and where the word stands. */
  around(word) {
    const { start, sentence: number } = this.explanation.targetWords[word];
    const { source, target, protected: kept } = this.explanation.sentences[number];
    return {
      kept: kept.map((span) => this.text.cut(...span)),
      number,
      source: this.text.cut(...source),
      target: this.translation.cut(...target),
      place: start - target[0],
    };
  }

  /** The whole translation with another one of a sentence. */
  translationWith(number, sentence) {
    const [start, end] = this.explanation.sentences[number].target;
    return this.translation.cut(0, start) + sentence + this.translation.cut(end);
  }

  #marks() {
    const missed = new Set(this.missed);
    const marks = this.explanation.sourceWords.map((span, word) => {
      const kind = missed.has(word) ? "missed" : this.explanation.isProtected(span) ? "protected" : "";
      return { ...span, word, kind };
    });
    const unread = this.explanation.unread.map(([start, end]) => ({ start, end, word: null, kind: "protected" }));
    return [...marks, ...unread].sort((one, other) => one.start - other.start);
  }

  /** The number of the whole translation, or of the sentence with this of its words. */
  #tellConfidence(word) {
    const { sentences, targetWords, confidence } = this.explanation;
    const isPart = word !== null && sentences.length > 1;
    part("confidence").textContent = isPart
      ? confidenceText(sentences[targetWords[word].sentence].confidence, "of this sentence")
      : confidenceText(confidence);
  }

  #turnTo(sentence) {
    if (sentence === this.sentence) return;
    this.sentence = sentence;
    this.#draw();
  }

  #draw() {
    const picture = part("heatmap");
    const sentence = this.explanation.sentences[this.sentence];
    const hasWords = Boolean(sentence?.targetWords.length);
    this.inside.show(hasWords ? this.text.cut(...sentence.source) : "", hasWords ? this.translation.cut(...sentence.target) : "");
    if (!this.details.open || !hasWords) {
      picture.replaceChildren();
      return;
    }
    const words = (text, spans) => spans.map(([start, end]) => text.cut(start, end));
    const sources = words(this.text, sentence.sourceWords);
    picture.replaceChildren(heatmap(sources, words(this.translation, sentence.targetWords), sentence.attention));
  }
}

function cut(text, { start, end }) {
  return text.cut(start, end);
}
