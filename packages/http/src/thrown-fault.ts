import { type ErrorCode, isKilonovaError } from "@kilonova/messaging";
import { ApiFault, isApiFault } from "./api-fault.js";

/** What is told of an error, and whether it is a failure of ours that belongs in the log. */
export interface ThrownFault {
  readonly fault: ApiFault;
  readonly isOurs: boolean;
}

const UNAVAILABLE: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  "rpc.noListener",
  "rpc.deadlineExceeded",
  "rpc.peerLost",
  "transport.unreachable",
  "transport.closed",
  "database.unreachable",
]);

const FRAMEWORK_WORDS: Readonly<Record<string, string>> = {
  FST_ERR_CTP_BODY_TOO_LARGE: "Request is too large.",
  FST_ERR_CTP_INVALID_MEDIA_TYPE: "The media type of the body is not supported here.",
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: "The body is not as long as its Content-Length says.",
  FST_ERR_BAD_URL: "The path is malformed.",
};

/** The fault of whatever was thrown. What is ours is not told in detail: the request's id leads to the log. */
export function faultOf(thrown: unknown, requestId: string): ThrownFault {
  if (isApiFault(thrown)) return { fault: thrown, isOurs: false };
  if (isKilonovaError(thrown)) {
    if (thrown.code === "hook.vetoed") return { fault: new ApiFault(403, thrown.message), isOurs: false };
    if (UNAVAILABLE.has(thrown.code)) {
      return {
        fault: new ApiFault(503, `A service that is needed does not answer; try again. (${requestId})`),
        isOurs: true,
      };
    }
  }
  const { statusCode, code } = (thrown ?? {}) as { statusCode?: unknown; code?: unknown };
  if (typeof statusCode === "number" && statusCode >= 400 && statusCode < 500) {
    const words = FRAMEWORK_WORDS[String(code)] ?? "The request is malformed.";
    return { fault: new ApiFault(statusCode, words), isOurs: false };
  }
  return {
    fault: new ApiFault(500, `Something went wrong here; the log tells what under ${requestId}.`),
    isOurs: true,
  };
}
