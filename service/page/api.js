/** Calls of the server that this page came from; addresses are relative, so that a proxy may put it into a folder. */

import { faultText } from "./wording.js";

/** A call that failed, told in words. */
export class Fault extends Error {
  /** status 0: no answer came; retrySeconds: when the same call may succeed, null where it will not. */
  constructor(status, words, retrySeconds = null) {
    super(faultText(status, words));
    this.status = status;
    this.retrySeconds = retrySeconds;
  }
}

const RETRIED = [429, 503];
const RETRY_SECONDS = 3; // when there was no answer that could say

/** The JSON that is at an address. */
export async function get(path, signal) {
  return (await answered(path, { signal })).json();
}

/** The JSON that these fields are answered with. */
export async function post(path, fields, signal) {
  return (await answered(path, posting(fields, signal))).json();
}

/** The events of `/translate/stream`: {text} for each, then {answer}. */
export async function* stream(fields, signal) {
  const answer = await answered("translate/stream", posting(fields, signal));
  for await (const { type, data } of events(answer.body)) {
    if (type === "error") throw new Fault(500, data.error);
    yield type === "end" ? { answer: data } : { text: data.text };
  }
}

function posting(fields, signal) {
  return { method: "POST", body: JSON.stringify(fields), headers: { "Content-Type": "application/json" }, signal };
}

async function answered(path, options) {
  const answer = await fetch(path, options).catch(unreachable);
  if (answer.ok) return answer;
  const body = await answer.json().catch(() => ({}));
  const wait = Number(answer.headers.get("Retry-After")) || 1;
  throw new Fault(answer.status, body.error ?? "", RETRIED.includes(answer.status) ? wait : null);
}

function unreachable(error) {
  throw error.name === "AbortError" ? error : new Fault(0, "", RETRY_SECONDS);
}

/** Server-sent events with JSON as their data; EventSource itself can send no POST. */
async function* events(body) {
  let rest = "";
  for await (const chunk of chunks(body)) {
    const blocks = (rest + chunk).split("\n\n");
    rest = blocks.pop();
    for (const block of blocks) yield event(block);
  }
}

/** The texts of a body as they come; not every browser can iterate over the stream itself. */
async function* chunks(body) {
  const reader = body.pipeThrough(new TextDecoderStream()).getReader();
  for (;;) {
    const { done, value } = await reader.read().catch(unreachable);
    if (done) return;
    yield value;
  }
}

function event(block) {
  const found = { type: "message", data: null };
  for (const line of block.split("\n")) {
    if (line.startsWith("event: ")) found.type = line.slice(7);
    if (line.startsWith("data: ")) found.data = JSON.parse(line.slice(6));
  }
  return found;
}
