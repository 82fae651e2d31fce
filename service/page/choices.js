/** The menu of what could stand in a word's place. */

import { element, part } from "./parts.js";

export class Choices {
  /** chosen: called with what is chosen; closed: when the menu is gone. */
  constructor({ chosen, closed }) {
    this.closed = closed;
    this.menu = part("choices");
    this.anchor = null;
    this.menu.addEventListener("keydown", (event) => this.#press(event));
    this.menu.addEventListener("click", ({ target }) => {
      const item = target.closest("[role=menuitem]");
      if (!item) return;
      const choice = this.choices[item.dataset.number];
      this.close();
      if (choice) chosen(choice);
    });
    document.addEventListener("pointerdown", ({ target }) => {
      if (!this.menu.contains(target)) this.close();
    });
  }

  /** Opens under a word; `fill` comes when the choices are known. */
  open(anchor) {
    this.close();
    this.anchor = anchor;
    anchor.ariaExpanded = "true";
    this.menu.ariaBusy = "true";
    this.menu.replaceChildren(element("p", {}, "Looking for other words …"));
    this.menu.hidden = false;
    this.#place();
  }

  /** Offers choices, {word, rest}: a word and how the sentence goes on behind it. */
  fill(anchor, choices) {
    if (this.anchor !== anchor) return; // closed, or opened elsewhere
    this.choices = choices;
    const items = choices.map(({ word, rest }, number) => {
      const item = element("button", { type: "button", role: "menuitem", tabIndex: -1 });
      item.dataset.number = number;
      item.append(element("strong", {}, word), element("span", {}, rest));
      return item;
    });
    if (!items.length) items.push(none());
    this.menu.ariaBusy = "false";
    this.menu.replaceChildren(...items);
    this.#place();
    items[0].focus();
  }

  close() {
    if (!this.anchor) return;
    this.menu.hidden = true;
    this.anchor.ariaExpanded = "false";
    this.anchor = null;
    this.closed();
  }

  /** Under the word, and inside the pane. */
  #place() {
    const word = this.anchor.getBoundingClientRect();
    const pane = this.menu.offsetParent.getBoundingClientRect();
    const most = pane.width - this.menu.offsetWidth - 8;
    this.menu.style.left = `${Math.max(8, Math.min(word.left - pane.left, most))}px`;
    this.menu.style.top = `${word.bottom - pane.top + 4}px`;
  }

  #press(event) {
    const items = [...this.menu.querySelectorAll("[role=menuitem]")];
    const here = items.indexOf(document.activeElement);
    const { anchor } = this;
    const steps = { ArrowDown: here + 1, ArrowUp: here - 1, Home: 0, End: items.length - 1 };
    if (event.key === "Escape" || event.key === "Tab") {
      this.close();
      anchor?.focus();
    } else if (event.key in steps) {
      items.at(steps[event.key] % items.length).focus();
    } else {
      return;
    }
    event.preventDefault();
  }
}

function none() {
  const item = element("button", { type: "button", role: "menuitem", tabIndex: -1 }, "The model knows no other word here.");
  item.ariaDisabled = "true";
  return item;
}
