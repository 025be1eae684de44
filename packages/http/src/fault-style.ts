import { STATUS_CODES } from "node:http";

/** What is to be told of a fault. */
export interface FaultFacts {
  readonly status: number;
  readonly message: string;
  readonly code: string | undefined;
  readonly requestId: string;
}

/** How a web service words its error bodies, as JSON. */
export type FaultStyle = (facts: FaultFacts) => unknown;

const COMPUTE_NAMES: Readonly<Record<number, string>> = {
  400: "badRequest",
  401: "unauthorized",
  403: "forbidden",
  404: "itemNotFound",
  405: "badMethod",
  409: "conflictingRequest",
  413: "overLimit",
  415: "badMediaType",
  429: "overLimit",
  501: "notImplemented",
  503: "serviceUnavailable",
};

/** The Compute API's: `{ "itemNotFound": { "code": 404, "message": … } }`. */
export const computeFaults: FaultStyle = ({ status, message }) => ({
  [COMPUTE_NAMES[status] ?? "computeFault"]: { code: status, message },
});

/** The Identity API's: `{ "error": { "code": 404, "message": …, "title": "Not Found" } }`. */
export const identityFaults: FaultStyle = ({ status, message }) => ({
  error: { code: status, message, title: titleOf(status) },
});

/** The Image API's: `{ "message": …, "code": "404 Not Found", "title": "Not Found" }`. */
export const imageFaults: FaultStyle = ({ status, message }) => ({
  message,
  code: `${status} ${titleOf(status)}`,
  title: titleOf(status),
});

/** The Placement API's: `{ "errors": [{ "status": 404, "title": …, "detail": …, "code": …, "request_id": … }] }`. */
export const placementFaults: FaultStyle = ({ status, message, code, requestId }) => ({
  errors: [
    {
      status,
      title: titleOf(status),
      detail: message,
      code: code ?? "placement.undefined_code",
      request_id: requestId,
    },
  ],
});

/** The Networking API's: `{ "NeutronError": { "type": "PortNotFound", "message": …, "detail": "" } }`. */
export const networkFaults: FaultStyle = ({ status, message, code }) => ({
  NeutronError: { type: code ?? titleOf(status).replaceAll(" ", ""), message, detail: "" },
});

function titleOf(status: number): string {
  return STATUS_CODES[status] ?? "Error";
}
