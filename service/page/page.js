/** The page: what happens when something is typed, chosen or pointed at. */

import { readAddress, writeAddress } from "./address.js";
import { get } from "./api.js";
import { Choices } from "./choices.js";
import { Explanation } from "./explanation.js";
import { Inside } from "./inside.js";
import { Languages } from "./languages.js";
import { Characters } from "./offsets.js";
import { copyText, element, part } from "./parts.js";
import { held, look, otherWords } from "./rewording.js";
import { SourcePane } from "./source.js";
import { TargetPane } from "./target.js";
import { Translating } from "./translating.js";
import { Why } from "./why.js";
import { missedText, warningText } from "./wording.js";

const KEY = "dragoman-key"; // in the storage of this tab, which ends with it
const TYPING_PAUSE_MS = 250;
// With a key every request may cost characters of a quota, so there are fewer.
const KEY_PAUSE_MS = 1000;

class Page {
  constructor() {
    this.answer = null;
    this.languages = new Languages({ changed: () => this.translate(0), swapped: () => this.swap() });
    this.source = new SourcePane({
      changed: () => this.translate(),
      pointed: (word) => this.why.pointSource(word),
      failed: (error) => this.tellFault(error),
    });
    this.target = new TargetPane({
      pointed: (word) => this.choices.anchor || this.why.pointTarget(word), // the word of an open menu stays lit
      chosen: (word, anchor) => this.reword(word, anchor),
    });
    this.inside = new Inside({ look: (source, target, signal) => look(this.fields, source, target, signal) });
    this.why = new Why(this.source, this.target, this.inside);
    this.choices = new Choices({ chosen: (choice) => this.take(choice), closed: () => this.why.pointTarget(null) });
    this.translating = new Translating({
      began: () => this.tellActivity("Translating …"),
      grew: (text) => this.target.grow(text),
      done: (answer) => this.show(answer),
      failed: (fault) => this.tellFault(fault),
    });
    this.listen();
  }

  /** Asks the server what it can, again and again while it is loading, and then translates what is there. */
  async start(isAgain = false) {
    try {
      const [settings, languages] = await Promise.all([get("frontend/settings"), get("languages")]);
      if (isAgain) this.tellFault(null);
      this.settle(settings, languages);
    } catch (fault) {
      this.tellFault(fault);
      if (fault.retrySeconds) setTimeout(() => this.start(true), fault.retrySeconds * 1000);
    }
  }

  settle(settings, languages) {
    this.settings = settings;
    this.source.characterLimit = settings.charLimit;
    part("key-button").hidden = !settings.apiKeys;
    const shared = readAddress(location.hash);
    this.languages.fill(languages, shared ?? { source: "auto", target: settings.language.target.code });
    if (settings.keyRequired && !this.key) this.showKeyForm(true);
    if (shared?.text && !this.source.text) this.source.text = shared.text;
    else if (this.source.text) this.translate(0);
  }

  get key() {
    return sessionStorage.getItem(KEY) ?? "";
  }

  /** What every request has: the languages, the found one in the place of auto, and the key. */
  get fields() {
    const { source, target } = this.languages.direction;
    const fields = { source: this.answer?.detectedLanguage?.language ?? source, target };
    return this.key ? { ...fields, api_key: this.key } : fields;
  }

  translate(wait = this.key ? KEY_PAUSE_MS : TYPING_PAUSE_MS) {
    if (!this.settings) return;
    this.tellFault(null);
    const { text } = this.source;
    if (location.hash) history.replaceState(null, "", location.pathname); // it told of another text
    if (!text.trim() || this.source.isTooLong) {
      this.translating.stop();
      this.show({ translatedText: "" });
      return;
    }
    this.choices.close();
    this.translating.later({ ...this.fields, ...this.languages.direction, q: text }, { wait, streams: !this.key });
  }

  show(answer) {
    this.answer = answer;
    const { translatedText: text, detectedLanguage: detected } = answer;
    this.languages.detected = detected && detected.confidence ? detected : null;
    this.why.show(new Explanation(answer.explanation), this.source.text, text);
    this.tellActivity("");
    part("announcement").textContent = text && `Translation: ${text}`;
    for (const id of ["copy", "share", "save"]) part(id).disabled = !text;
    this.showAlternatives(answer.alternatives ?? []);
    this.remark();
  }

  showAlternatives(texts) {
    part("alternatives").hidden = !texts.length;
    const items = texts.map((text) => {
      const button = element("button", { type: "button", onclick: () => this.takeWhole(text) }, text);
      return element("li", {}, button);
    });
    part("alternatives").querySelector("ol").replaceChildren(...items);
  }

  /** Takes another translation of all; where that is one sentence, its words are explained, too. */
  takeWhole(text) {
    const { explanation } = this.why;
    if (explanation.sentences.length === 1) this.take({ ...this.why.around(0), text });
    else this.show({ ...this.answer, translatedText: text, alternatives: this.others(text), explanation: [] });
  }

  /** Offers other words for one of the translation. */
  async reword(word, anchor) {
    const around = this.why.around(word);
    this.choices.open(anchor);
    this.why.pointTarget(word);
    try {
      const choices = await otherWords(this.fields, around);
      this.choices.fill(anchor, choices.map((choice) => ({ ...around, ...choice, focused: word })));
    } catch (fault) {
      this.choices.close();
      this.tellFault(fault, { isRetried: false });
    }
  }

  /** Puts another translation of a sentence in the place of the one that is there. */
  async take({ number, source, text, focused }) {
    this.tellActivity("Translating …");
    try {
      const { translatedText, explanation, warnings } = await held(this.fields, source, text);
      const whole = this.why.translationWith(number, translatedText);
      const length = new Characters(translatedText).length;
      const explained = this.why.explanation.withSentence(number, explanation[0], length).sentences;
      this.show({ ...this.answer, translatedText: whole, explanation: explained, warnings, alternatives: this.others(whole) });
      if (focused !== undefined) this.target.focus(focused);
    } catch (fault) {
      this.tellFault(fault, { isRetried: false });
    }
  }

  /** All translations that were found but this one. */
  others(text) {
    const { translatedText, alternatives = [] } = this.answer;
    return [translatedText, ...alternatives].filter((one) => one !== text);
  }

  remark() {
    const { warnings = [], pivot } = this.answer;
    const isThere = this.languages.isDetectedTarget;
    // That it is in this language already says more than that it came back.
    const codes = isThere ? warnings.filter((code) => code !== "copied_source") : warnings;
    const items = codes.map((code) => element("li", {}, warningText(code)));
    if (this.why.missed.length) items.unshift(element("li", { className: "missing" }, missedText(this.why.missedWords)));
    if (pivot) items.push(element("li", {}, `Translated by way of ${this.languages.nameOf(pivot)}.`));
    if (isThere && this.source.text.trim()) items.push(this.turnRemark());
    part("notices").replaceChildren(...items);
    part("notices").hidden = !items.length;
  }

  turnRemark() {
    const { here, other } = this.languages.turn;
    const button = element("button", { type: "button", onclick: () => this.languages.choose("auto", other.code) });
    button.append(`Translate into ${other.name}`);
    return element("li", {}, `The text seems to be ${here.name} already.`, button);
  }

  swap() {
    const { text } = this.target;
    this.languages.swap();
    if (text) this.source.text = text;
    else this.translate(0);
  }

  tellActivity(text) {
    part("activity").textContent = text;
    part("target-pane").ariaBusy = String(Boolean(text));
  }

  /** Says what went wrong, and that it is tried again where it is; null: nothing any more. */
  tellFault(fault, { isRetried = Boolean(fault?.retrySeconds) } = {}) {
    const notice = part("fault");
    notice.hidden = !fault;
    notice.replaceChildren();
    if (!fault) return;
    this.tellActivity("");
    const retry = isRetried ? ` Trying again in ${fault.retrySeconds} s.` : "";
    notice.append(fault.message + retry);
    if (isRetried && this.settings) {
      notice.append(element("button", { type: "button", onclick: () => this.translate(0) }, "Try now"));
    }
    if (fault.status === 403 || (fault.status === 400 && this.settings?.keyRequired && !this.key)) {
      this.showKeyForm(true);
    }
  }

  showKeyForm(isShown) {
    part("key-form").hidden = !isShown;
    part("key-button").ariaExpanded = String(isShown);
    if (isShown) part("key").focus();
  }

  listen() {
    part("key-button").addEventListener("click", () => this.showKeyForm(part("key-form").hidden));
    part("key-form").addEventListener("submit", (event) => {
      event.preventDefault();
      sessionStorage.setItem(KEY, part("key").value.trim());
      part("key").value = "";
      this.showKeyForm(false);
      this.source.area.focus();
      this.translate(0);
    });
    part("copy").addEventListener("click", () => this.copy(this.target.text, "Copied"));
    part("share").addEventListener("click", () => {
      history.replaceState(null, "", writeAddress({ ...this.languages.direction, text: this.source.text }));
      this.copy(location.href, "Link copied");
    });
    part("save").addEventListener("click", () => this.save());
  }

  async copy(text, done) {
    await copyText(text);
    this.tellActivity(done);
    part("announcement").textContent = done;
    part("target-pane").ariaBusy = "false";
  }

  save() {
    const url = URL.createObjectURL(new Blob([this.target.text], { type: "text/plain" }));
    const { target } = this.languages.direction;
    element("a", { href: url, download: `translation.${target}.txt` }).click();
    URL.revokeObjectURL(url);
  }
}

new Page().start();
