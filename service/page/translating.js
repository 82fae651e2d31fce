/** Translating one text after another: only the last one counts, whatever was asked before is given up. */

import { post, stream } from "./api.js";

export const ALTERNATIVES = 3;

const MOST_EXPLAINED = 10_000; // characters; the words of more would be slow to draw

export class Translating {
  #asked = new AbortController();
  #timer = 0;

  /** What to do when an order has begun, has grown to a text, is done with an answer, or has failed. */
  constructor({ began, grew, done, failed }) {
    Object.assign(this, { began, grew, done, failed });
  }

  /** Gives up what is being done, and does this order after `wait` milliseconds; streamed first if `streams`. */
  later(fields, { wait, streams }) {
    this.stop();
    this.#timer = setTimeout(() => this.#run(fields, streams), wait);
  }

  /** Gives up what is being done. */
  stop() {
    clearTimeout(this.#timer);
    this.#asked.abort();
  }

  async #run(fields, streams) {
    this.#asked = new AbortController();
    const { signal } = this.#asked;
    this.began();
    try {
      if (streams) await this.#grow(fields, signal);
      const explain = fields.q.length <= MOST_EXPLAINED;
      const answer = await post("translate", { ...fields, alternatives: ALTERNATIVES, explain }, signal);
      if (!signal.aborted) this.done(answer);
    } catch (fault) {
      if (!signal.aborted) this.#fail(fault, fields, streams);
    }
  }

  /** Shows the fast translation while it comes; where all streams are taken, the whole one has to do. */
  async #grow(fields, signal) {
    let text = "";
    try {
      for await (const event of stream(fields, signal)) {
        if (event.text) this.grew((text += event.text));
      }
    } catch (fault) {
      if (fault.status !== 429) throw fault;
    }
  }

  #fail(fault, fields, streams) {
    this.failed(fault);
    if (fault.retrySeconds) this.later(fields, { wait: fault.retrySeconds * 1000, streams });
  }
}
