import ipaddr from "ipaddr.js";

/** The first address is the network's own, the second its gateway's: servers get those from here on. */
export const FIRST_SERVER_POSITION = 2;
const GATEWAY_POSITION = 1;

/** A range of addresses, in which each has a position: 0 is the first. Positions are exact up to 2^53. */
export class AddressRange {
  readonly version: 4 | 6;
  /** Bits of the prefix. */
  readonly prefix: number;
  readonly #first: bigint;
  readonly #bits: number;

  /** @throws TypeError for text that is no CIDR */
  constructor(cidr: string) {
    const [address, prefix] = ipaddr.parseCIDR(cidr);
    this.version = address.kind() === "ipv4" ? 4 : 6;
    this.prefix = prefix;
    this.#bits = this.version === 4 ? 32 : 128;
    const mask = this.#size - 1n;
    this.#first = numberOf(address) & ~mask;
  }

  /** The position after the last that a server may have: IPv4's last address is for broadcasts. */
  get end(): number {
    const end = this.version === 4 ? this.#size - 1n : this.#size;
    return Number(end < BigInt(Number.MAX_SAFE_INTEGER) ? end : BigInt(Number.MAX_SAFE_INTEGER));
  }

  get gateway(): string {
    return this.at(GATEWAY_POSITION);
  }

  /** The address at a position. */
  at(position: number): string {
    return textOf(this.#first + BigInt(position), this.#bits);
  }

  /** The position of an address that a server may have, undefined for any other text. */
  positionOf(address: string): number | undefined {
    if (!ipaddr.isValid(address)) return undefined;
    const parsed = ipaddr.parse(address);
    if ((parsed.kind() === "ipv4" ? 4 : 6) !== this.version) return undefined;
    const position = numberOf(parsed) - this.#first;
    return position >= BigInt(FIRST_SERVER_POSITION) && position < BigInt(this.end) ? Number(position) : undefined;
  }

  get #size(): bigint {
    return 1n << BigInt(this.#bits - this.prefix);
  }
}

function numberOf(address: ipaddr.IPv4 | ipaddr.IPv6): bigint {
  return address.toByteArray().reduce((number, byte) => (number << 8n) | BigInt(byte), 0n);
}

function textOf(number: bigint, bits: number): string {
  const bytes = Array.from({ length: bits / 8 }, (_, index) =>
    Number((number >> BigInt(bits - 8 * (index + 1))) & 0xffn),
  );
  return ipaddr.fromByteArray(bytes).toString();
}
