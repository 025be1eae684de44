const API_FAULT = Symbol.for("kilonova.apiFault");

/** What goes with a fault. */
export interface FaultDetails {
  readonly headers?: Readonly<Record<string, string>>;
  /** A name for programs, where the service's error bodies have one (placement's `code`). */
  readonly code?: string;
}

/**
 * A refusal of the API, to be thrown or returned by a handler: its status and words reach the caller, in the form that
 * the web service's {@link FaultStyle} gives it. Never put secrets or another project's facts into the words.
 */
export class ApiFault extends Error {
  readonly [API_FAULT] = 1;
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly code: string | undefined;

  /** @param status 400 to 599 */
  constructor(status: number, message: string, details: FaultDetails = {}) {
    super(message);
    this.name = "ApiFault";
    this.status = status;
    this.headers = details.headers ?? {};
    this.code = details.code;
  }
}

/** A fault to be returned: `return fault(404, "Instance 7 could not be found.")`. */
export function fault(status: number, message: string, details?: FaultDetails): ApiFault {
  return new ApiFault(status, message, details);
}

/** True for a fault from any copy of this package. */
export function isApiFault(value: unknown): value is ApiFault {
  return typeof value === "object" && value !== null && Object.hasOwn(value, API_FAULT);
}
