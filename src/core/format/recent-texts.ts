/**
 * Fresh texts of the groups before, which later groups may take into their dictionaries: a new family often comes
 * in many records. The last mebibyte of them is remembered, by number; both sides of a delta remember the same.
 */
export class RecentTexts {
  #texts: string[] = [];
  /** Number of `#texts[0]`. */
  #first = 0;
  #bytes = 0;

  /** One after the last number. */
  get end(): number {
    return this.#first + this.#texts.length;
  }

  get first(): number {
    return this.#first;
  }

  /** Undefined when the text is forgotten, or not there yet. */
  at(number: number): string | undefined {
    return number < this.#first ? undefined : this.#texts[number - this.#first];
  }

  add(texts: readonly string[]): void {
    for (const text of texts) {
      if (text.length < textBytesMin || text.length > textBytesMax) continue;
      this.#texts.push(text);
      this.#bytes += text.length;
    }
    let forgotten = 0;
    while (this.#bytes > rememberedBytesMax) this.#bytes -= (this.#texts[forgotten++] as string).length;
    this.#texts = this.#texts.slice(forgotten);
    this.#first += forgotten;
  }
}

/** SPEC §4.6.3: shorter and longer texts are not numbered. */
const textBytesMin = 64;
const textBytesMax = 64 * 1024;
const rememberedBytesMax = 1024 * 1024;
