/** Parts of the page, and new ones. */

/** The part of index.html with this id. */
export function part(id) {
  return document.getElementById(id);
}

/** A new element with properties and what is in it: elements and texts. */
export function element(name, properties = {}, ...contents) {
  const made = Object.assign(document.createElement(name), properties);
  made.append(...contents);
  return made;
}

/** Puts text on the clipboard. */
export async function copyText(text) {
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    copyBySelection(text); // where the page came without encryption from another machine, there is no clipboard
  }
}

function copyBySelection(text) {
  const area = element("textarea", { value: text, className: "unseen" });
  const before = document.activeElement;
  document.body.append(area);
  area.select();
  document.execCommand("copy");
  area.remove();
  before?.focus();
}
