/** What the page says about numbers, faults and warnings. */

const WARNINGS = {
  length_limit: "The translation reached the model’s length limit and was cut.",
  deadline: "The server had no time to finish; this is what it had found.",
  split: "A very long sentence was translated in parts, which may cost coherence.",
  copied_source: "The translation is the text itself: the model found nothing to translate.",
  unsupported_script: "Most letters do not belong to the language this is translated from.",
  repetition: "The translation says the same again and again, and no better one was found. Try other or shorter sentences.",
  stuck_attention: "The model looked at one place of the text for too long, so part of this may be invented.",
  too_long: "The translation is far too long for the text, so part of it is probably invented.",
  too_short: "The translation is far too short for the text, so part of it is probably missing.",
  protected_moved: "Something that must not change, such as a number or a tag, is there, but its place is a guess.",
};

const STATUS = {
  0: "The server does not answer. Check the connection.",
  403: "The server refused: ",
  408: "The text arrived too slowly.",
  413: "The text is too long for this server. Translate it in parts.",
  429: "The server has too much to do.",
  503: "The translator is not ready yet.",
};

/** A sentence about a warning of the API; one that is not known here is named. */
export function warningText(code) {
  return WARNINGS[code] ?? `The server warns: ${code}.`;
}

/** What went wrong, for a status of HTTP (0: no answer at all) and the server's own words. */
export function faultText(status, words) {
  if (status === 403) return STATUS[403] + words;
  return STATUS[status] ?? (words || `The server answered with status ${status}.`);
}

/** 12,345 */
export function numberText(number) {
  return number.toLocaleString("en");
}

/** How much of the limit is left, or by how much it is passed. */
export function roomText(count, limit) {
  const left = limit - count;
  if (left < 0) return `${numberText(-left)} characters too many`;
  return count ? `${numberText(left)} characters left` : `up to ${numberText(limit)} characters`;
}

/** How good the translation probably is; nothing where that is not known. */
export function confidenceText(confidence, of = "") {
  return typeof confidence === "number" ? `Confidence${of && ` ${of}`}: ${Math.round(100 * confidence)} %` : "";
}

const MOST_NAMED = 6;

/** Which words are probably not translated. */
export function missedText(words) {
  const named = words.slice(0, MOST_NAMED).map((word) => `“${word}”`);
  const others = words.length - named.length;
  return `Probably not translated: ${named.join(", ")}${others > 0 ? ` and ${numberText(others)} more` : ""}.`;
}
