const RANGE = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})\/(\d{1,2})$/;
const [SHORTEST_PREFIX, LONGEST_PREFIX] = [16, 29];
/** Position 0 is the network's own, 1 the gateway's. */
const FIRST_SERVER = 2;

/** A range of IPv4 addresses, counted from its first: the position of an address is its place in the range. */
export class AddressRange {
  readonly prefix: number;
  /** How many addresses servers can have. */
  readonly size: number;
  readonly #base: number;

  /** @throws TypeError where the text is no range; {@link AddressRange.parse} tells before */
  constructor(text: string) {
    const parsed = AddressRange.parse(text);
    if (!parsed) throw new TypeError(`"${text}" is no range of addresses`);
    this.prefix = parsed.prefix;
    this.#base = parsed.base;
    // The last is for broadcasts.
    this.size = 2 ** (32 - parsed.prefix) - FIRST_SERVER - 1;
  }

  static parse(text: string): { readonly base: number; readonly prefix: number } | undefined {
    const parts = RANGE.exec(text)?.slice(1).map(Number);
    const prefix = parts?.pop();
    const address = parts && numberOf(parts);
    if (address === undefined || prefix === undefined) return undefined;
    if (prefix < SHORTEST_PREFIX || prefix > LONGEST_PREFIX) return undefined;
    const span = 2 ** (32 - prefix);
    return { base: Math.floor(address / span) * span, prefix };
  }

  get gateway(): string {
    return textOf(this.#base + 1);
  }

  /** @param position from 0, below `size` */
  at(position: number): string {
    return textOf(this.#base + FIRST_SERVER + position);
  }

  /** Undefined for an address that no server may have. */
  positionOf(address: string): number | undefined {
    const parts = address.split(".");
    const number =
      parts.length === 4 && parts.every((part) => /^\d{1,3}$/.test(part)) ? numberOf(parts.map(Number)) : undefined;
    const position = number === undefined ? -1 : number - this.#base - FIRST_SERVER;
    return position >= 0 && position < this.size ? position : undefined;
  }
}

function numberOf(parts: readonly number[]): number | undefined {
  return parts.some((part) => part > 255) ? undefined : parts.reduce((sum, part) => sum * 256 + part, 0);
}

function textOf(address: number): string {
  return [24, 16, 8, 0].map((shift) => Math.floor(address / 2 ** shift) % 256).join(".");
}
