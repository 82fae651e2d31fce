/** What happened in the network while a sentence was translated: asked for when somebody wants to see it. */

import { curves } from "./curves.js";
import { element, part } from "./parts.js";

const PAUSE_MS = 250; // who only passes over sentences asks for none

export class Inside {
  #asked = new AbortController();
  #timer = 0;

  /** `look(source, target, signal)` asks the server about a sentence and its translation. */
  constructor({ look }) {
    this.look = look;
    this.details = part("inside");
    this.details.addEventListener("toggle", () => this.#turn(0));
    this.show("", "");
  }

  /** Shows a sentence and its translation, or nothing for an empty one. */
  show(source, target) {
    if (this.source === source && this.target === target) return;
    Object.assign(this, { source, target });
    this.details.hidden = !target;
    this.#turn(PAUSE_MS);
  }

  #turn(wait) {
    clearTimeout(this.#timer);
    this.#asked.abort();
    part("curves").replaceChildren();
    if (this.target && this.details.open) this.#timer = setTimeout(() => this.#ask(), wait);
  }

  async #ask() {
    this.#asked = new AbortController();
    const { signal } = this.#asked;
    try {
      const { explanation } = await this.look(this.source, this.target, signal);
      if (!signal.aborted) this.#draw(explanation.flatMap((sentence) => sentence.inside ?? []));
    } catch (fault) {
      if (!signal.aborted) part("curves").replaceChildren(element("p", {}, fault.message));
    }
  }

  #draw(parts) {
    part("curves").replaceChildren(...parts.flatMap(figures));
  }
}

/** The pictures of a part of a sentence. */
function figures({ sourcePieces, targetPieces, encoder, decoder, attentionEntropyShare, probabilities }) {
  const [sources, targets] = [sourcePieces, targetPieces].map((pieces) => pieces.map(shown));
  const steps = { probability: probabilities, "attention entropy": attentionEntropyShare };
  return [
    curves("Each step", targets, steps),
    ...decoder.flatMap((lstm) => network(`Writing, layer ${lstm.layer}`, targets, lstm)),
    ...encoder.flatMap((lstm) => network(`Reading ${lstm.direction}, layer ${lstm.layer}`, sources, lstm)),
  ];
}

function network(name, pieces, { inputGate, forgetGate, outputGate, cellNorm }) {
  const gates = { "input gate": inputGate, "forget gate": forgetGate, "output gate": outputGate };
  const most = Math.max(...cellNorm, 1e-6);
  return [curves(name, pieces, gates), curves(name, pieces, { "cell norm": cellNorm }, most)];
}

function shown(piece) {
  return piece.replace("▁", "␣");
}
