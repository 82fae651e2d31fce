/** Which words belong together: the API's explanation of a translation, its words numbered through the whole text. */

const LEAST_SURE = 0.5; // below it, a reference more likely has another word
const HAS_LETTER = /[\p{L}\p{N}]/u;

export class Explanation {
  /** sentences: as the API has them, in order. */
  constructor(sentences = []) {
    this.sentences = sentences;
    this.sourceWords = []; // {start, end, sentence, number}, in characters of the text, and in their sentence
    this.targetWords = []; // and {confidence}, which is null where nothing is known
    this.sources = new Map(); // of a target word: {source word: weight}
    this.targets = new Map(); // of a source word: {target word: weight}
    sentences.forEach((sentence, place) => this.#add(sentence, place));
  }

  /** The source words that a target word comes from, by weight; the heaviest has 1. */
  sourcesOf(word) {
    return scaled(this.sources.get(word));
  }

  /** The target words that come from a source word, by weight; the heaviest has 1. */
  targetsOf(word) {
    return scaled(this.targets.get(word));
  }

  /** The numbers of source words that no word of the translation comes from; signs may be lost. */
  missed(text) {
    const numbers = this.sourceWords.keys();
    return [...numbers].filter((word) => {
      const { start, end } = this.sourceWords[word];
      return !this.targets.has(word) && HAS_LETTER.test(text.cut(start, end));
    });
  }

  /** The numbers of target words that are likelier than not another one in a reference; signs do not count. */
  unsure(translation) {
    return [...this.targetWords.keys()].filter((word) => {
      const { start, end, confidence } = this.targetWords[word];
      return confidence !== null && confidence < LEAST_SURE && HAS_LETTER.test(translation.cut(start, end));
    });
  }

  /** The mean of the sentences' confidence by their lengths; null where one has none. */
  get confidence() {
    const read = this.sentences.filter(({ sourceWords }) => sourceWords.length);
    if (!read.length || read.some(({ confidence }) => typeof confidence !== "number")) return null;
    const length = ({ source: [start, end] }) => end - start;
    const total = read.reduce((sum, one) => sum + length(one), 0);
    return read.reduce((sum, one) => sum + one.confidence * length(one), 0) / total;
  }

  /** Whether a source word had to come through as it is. */
  isProtected({ start, end, sentence }) {
    return this.sentences[sentence].protected.some(([from, to]) => from < end && start < to);
  }

  /** What had to come through, and stands in no sentence with words. */
  get unread() {
    return this.sentences.flatMap((sentence) => (sentence.sourceWords.length ? [] : sentence.protected));
  }

  /** The same with one sentence's translation replaced by another, whose explanation is of that sentence alone. */
  withSentence(number, replacement, length) {
    const old = this.sentences[number];
    const longer = length - (old.target[1] - old.target[0]);
    const sentences = this.sentences.map((sentence, place) => {
      if (place < number) return sentence;
      if (place > number) return moved(sentence, 0, longer);
      return {
        ...moved(replacement, old.source[0], old.target[0]),
        source: old.source,
        protected: old.protected, // with a prefix the server protects nothing
        target: [old.target[0], old.target[0] + length],
      };
    });
    return new Explanation(sentences);
  }

  #add(sentence, place) {
    const [source, target] = [this.sourceWords.length, this.targetWords.length];
    const numbered = ([start, end], number) => ({ start, end, sentence: place, number });
    this.sourceWords.push(...sentence.sourceWords.map(numbered));
    const confidences = sentence.wordConfidences ?? [];
    const sure = (span, number) => ({ ...numbered(span, number), confidence: confidences[number] ?? null });
    this.targetWords.push(...sentence.targetWords.map(sure));
    for (const [one, other] of sentence.links) {
      const weight = sentence.attention[other][one];
      put(this.sources, target + other, source + one, weight);
      put(this.targets, source + one, target + other, weight);
    }
  }
}

function put(links, from, to, weight) {
  if (!links.has(from)) links.set(from, new Map());
  links.get(from).set(to, weight);
}

function scaled(weights = new Map()) {
  const most = Math.max(...weights.values(), 1e-9);
  return new Map([...weights].map(([word, weight]) => [word, weight / most]));
}

/** A sentence that stands so many characters further behind in the text and in the translation. */
function moved(sentence, source, target) {
  const by = (distance) => (span) => span.map((place) => place + distance);
  return {
    ...sentence,
    source: by(source)(sentence.source),
    target: by(target)(sentence.target),
    sourceWords: sentence.sourceWords.map(by(source)),
    targetWords: sentence.targetWords.map(by(target)),
    protected: sentence.protected.map(by(source)),
  };
}
