/** Text by characters, as the API counts them (Unicode code points); JavaScript's own strings count UTF-16 units. */

export class Characters {
  constructor(text) {
    this.text = text;
    // Where each code point starts; not needed where each is one unit.
    this.places = /[\ud800-\udfff]/.test(text) ? starts(text) : null;
  }

  get length() {
    return this.places ? this.places.length - 1 : this.text.length;
  }

  /** The text from one character to another, the end left out. */
  cut(start, end = this.length) {
    return this.text.slice(this.unit(start), this.unit(end));
  }

  /** Where a character starts in the JavaScript string. */
  unit(place) {
    return this.places ? this.places[place] : place;
  }
}

function starts(text) {
  const places = [0];
  for (const character of text) places.push(places.at(-1) + character.length);
  return places;
}
