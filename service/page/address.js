/** The shareable link: languages and text behind the #, which browsers keep to themselves. */

/** {source, target, text} of an address, or null where it has none. */
export function readAddress(hash) {
  const found = /^#([\w-]+)\/([\w-]+)\/(.*)$/s.exec(hash);
  if (!found) return null;
  try {
    return { source: found[1], target: found[2], text: decodeURIComponent(found[3]) };
  } catch {
    return null; // cut somewhere in the middle
  }
}

/** The address of this page with languages and text. */
export function writeAddress({ source, target, text }) {
  // Half a surrogate pair, which a text area may hold, has no percent-encoding.
  return `#${source}/${target}/${encodeURIComponent(text.toWellFormed?.() ?? text)}`;
}
