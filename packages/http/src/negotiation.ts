import type { RequestHeaders } from "@kilonova/plugin-api";
import { ApiFault } from "./api-fault.js";
import { Microversion } from "./microversion.js";
import type { Microversions } from "./web-service.js";

const HEADER = "openstack-api-version";

/** What was agreed on for one request. */
export interface Negotiated {
  readonly version: Microversion;
  readonly headers: Readonly<Record<string, string>>;
}

/** Reads the version that a request asks for. One per web service, made at the mount. */
export class Negotiator {
  readonly #min: Microversion;
  readonly #max: Microversion;
  readonly #vary: string;
  readonly #answers = new Map<string, Negotiated>();

  constructor(private readonly microversions: Microversions) {
    this.#min = Microversion.of(microversions.min);
    this.#max = Microversion.of(microversions.max);
    this.#vary = ["OpenStack-API-Version", ...(microversions.legacyHeader ? [microversions.legacyHeader] : [])].join(
      ", ",
    );
  }

  /** @throws ApiFault 400 for a text that is no version, 406 for one that is not served */
  negotiate(headers: RequestHeaders): Negotiated {
    const asked = this.#asked(headers);
    if (asked === undefined) return this.#answer(this.#min);
    if (asked === "latest") return this.#answer(this.#max);
    const version = Microversion.parse(asked);
    if (!version)
      throw new ApiFault(
        400,
        `API Version String ${quoted(asked)} is of invalid format. Must be of format MajorNum.MinorNum.`,
      );
    if (version.compare(this.#min) >= 0 && version.compare(this.#max) <= 0) return this.#answer(version);
    throw new ApiFault(
      406,
      `Version ${version} is not supported by the API. Minimum is ${this.#min} and maximum is ${this.#max}.`,
      { headers: { Vary: this.#vary } },
    );
  }

  #asked(headers: RequestHeaders): string | undefined {
    const { serviceType, legacyHeader } = this.microversions;
    for (const part of textOf(headers[HEADER])?.split(",") ?? []) {
      const [type, version, ...more] = part.trim().split(/\s+/);
      if (type === serviceType) return more.length === 0 ? (version ?? "") : part.trim();
    }
    return legacyHeader === undefined ? undefined : textOf(headers[legacyHeader.toLowerCase()])?.trim();
  }

  #answer(version: Microversion): Negotiated {
    const text = version.toString();
    const known = this.#answers.get(text);
    if (known) return known;
    const { serviceType, legacyHeader } = this.microversions;
    const headers = {
      "OpenStack-API-Version": `${serviceType} ${text}`,
      ...(legacyHeader ? { [legacyHeader]: text } : {}),
      Vary: this.#vary,
    };
    const made = { version, headers };
    // At most one entry for each version that is served.
    this.#answers.set(text, made);
    return made;
  }
}

function textOf(header: string | readonly string[] | undefined): string | undefined {
  return typeof header === "string" ? header : header?.join(",");
}

function quoted(text: string): string {
  return JSON.stringify(text.slice(0, 40));
}
