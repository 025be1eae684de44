/** A microversion as text: `2.79`. */
export type MicroversionText = `${number}.${number}`;

const MICROVERSION = /^([1-9]\d*)\.(0|[1-9]\d*)$/;

/** The microversion that a request asks for. */
export class Microversion {
  /** Of a web service that has no microversions: older than any. */
  static readonly none = new Microversion(0, 0);

  private constructor(
    readonly major: number,
    readonly minor: number,
  ) {}

  /** Undefined for text that is no microversion. */
  static parse(text: string): Microversion | undefined {
    const [, major, minor] = MICROVERSION.exec(text) ?? [];
    return major === undefined || minor === undefined ? undefined : new Microversion(Number(major), Number(minor));
  }

  /** For versions written in the program. @throws TypeError for text that is no microversion */
  static of(text: MicroversionText): Microversion {
    const found = known.get(text) ?? Microversion.parse(text);
    if (!found) throw new TypeError(`"${text}" is no microversion such as "2.79"`);
    known.set(text, found);
    return found;
  }

  /** Negative, zero or positive, as sorting wants it. */
  compare(other: Microversion): number {
    return this.major - other.major || this.minor - other.minor;
  }

  atLeast(text: MicroversionText): boolean {
    return this.compare(Microversion.of(text)) >= 0;
  }

  toString(): string {
    return `${this.major}.${this.minor}`;
  }
}

const known = new Map<string, Microversion>();

/** From the first microversion on, up to and with the last; both may be left open. */
export interface VersionRange {
  readonly from?: MicroversionText;
  readonly to?: MicroversionText;
}

/** A range compiled. */
export class CompiledRange {
  readonly #from: Microversion | undefined;
  readonly #to: Microversion | undefined;

  constructor(range: VersionRange = {}) {
    this.#from = range.from === undefined ? undefined : Microversion.of(range.from);
    this.#to = range.to === undefined ? undefined : Microversion.of(range.to);
    if (this.#from && this.#to && this.#from.compare(this.#to) > 0) {
      throw new TypeError(`versions from ${this.#from} to ${this.#to}: the first is newer than the last`);
    }
  }

  holds(version: Microversion): boolean {
    return (!this.#from || version.compare(this.#from) >= 0) && (!this.#to || version.compare(this.#to) <= 0);
  }

  overlaps(other: CompiledRange): boolean {
    const startsBeforeEnd = (one: CompiledRange, two: CompiledRange) =>
      !one.#from || !two.#to || one.#from.compare(two.#to) <= 0;
    return startsBeforeEnd(this, other) && startsBeforeEnd(other, this);
  }

  toString(): string {
    return `${this.#from ?? ""}–${this.#to ?? ""}`;
  }
}
