/** The page: what happens when something is typed, chosen or pointed at. */

import { readAddress, writeAddress } from "./address.js";
import { get } from "./api.js";
import { Languages } from "./languages.js";
import { copyText, element, part } from "./parts.js";
import { SourcePane } from "./source.js";
import { TargetPane } from "./target.js";
import { Translating } from "./translating.js";
import { warningText } from "./wording.js";

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
      pointed: () => {},
      failed: (error) => this.tellFault(error),
    });
    this.target = new TargetPane({ pointed: () => {}, chosen: () => {} });
    this.translating = new Translating({
      began: () => this.tellActivity("Translating …"),
      grew: (text) => this.target.grow(text),
      done: (answer) => this.show(answer),
      failed: (fault) => this.tellFault(fault),
    });
    this.listen();
  }

  /** Asks the server what it can, again and again while it is loading, and then translates what is there. */
  async start() {
    try {
      const [settings, languages] = await Promise.all([get("frontend/settings"), get("languages")]);
      this.settle(settings, languages);
      this.tellFault(null);
    } catch (fault) {
      this.tellFault(fault);
      if (fault.retrySeconds) setTimeout(() => this.start(), fault.retrySeconds * 1000);
    }
  }

  settle(settings, languages) {
    this.settings = settings;
    this.source.characterLimit = settings.charLimit;
    part("key-button").hidden = !settings.apiKeys;
    const shared = readAddress(location.hash);
    this.languages.fill(languages, shared ?? { source: "auto", target: settings.language.target.code });
    if (settings.keyRequired && !this.key) this.showKeyForm(true);
    if (shared?.text) this.source.text = shared.text;
    else this.translate(0);
  }

  get key() {
    return sessionStorage.getItem(KEY) ?? "";
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
    const fields = { q: text, ...this.languages.direction };
    if (this.key) fields.api_key = this.key;
    this.translating.later(fields, { wait, streams: !this.key });
  }

  show(answer) {
    this.answer = answer;
    const { translatedText: text, detectedLanguage: detected } = answer;
    this.languages.detected = detected && detected.confidence ? detected : null;
    this.target.show(text);
    this.tellActivity("");
    part("announcement").textContent = text && `Translation: ${text}`;
    for (const id of ["copy", "share", "save"]) part(id).disabled = !text;
    this.showAlternatives(answer.alternatives ?? []);
    this.remark();
  }

  showAlternatives(texts) {
    part("alternatives").hidden = !texts.length;
    const take = (text) => this.show({ ...this.answer, translatedText: text, alternatives: this.others(text) });
    const items = texts.map((text) => {
      const button = element("button", { type: "button", onclick: () => take(text) }, text);
      return element("li", {}, button);
    });
    part("alternatives").querySelector("ol").replaceChildren(...items);
  }

  /** All translations that were found but this one. */
  others(text) {
    const { translatedText, alternatives } = this.answer;
    return [translatedText, ...alternatives].filter((one) => one !== text);
  }

  remark() {
    const { warnings = [] } = this.answer;
    const isThere = this.languages.isDetectedTarget;
    // That it is in this language already says more than that it came back.
    const codes = isThere ? warnings.filter((code) => code !== "copied_source") : warnings;
    const items = codes.map((code) => element("li", {}, warningText(code)));
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

  tellFault(fault) {
    const notice = part("fault");
    notice.hidden = !fault;
    notice.replaceChildren();
    if (!fault) return;
    this.tellActivity("");
    const retry = fault.retrySeconds ? ` Trying again in ${fault.retrySeconds} s.` : "";
    notice.append(fault.message + retry);
    if (fault.retrySeconds && this.settings) {
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
