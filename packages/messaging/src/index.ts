export {
  type Args,
  argumentSince,
  type Handlers,
  isRpcContract,
  type MethodName,
  type MethodSpec,
  type MethodSpecs,
  method,
  type Result,
  type RpcContract,
  rpcContract,
  since,
} from "./contract.js";
export { type AnswerEnvelope, EnvelopeCodec, LONGEST_MESSAGE, type RequestEnvelope } from "./envelope.js";
export { ERROR_CODES, type ErrorCode, isErrorCode } from "./error-codes.js";
export { isHopeless } from "./hopeless.js";
export { type ErrorContext, isKilonovaError, KilonovaError, messageOf } from "./kilonova-error.js";
export { MemoryTransport } from "./memory-transport.js";
export { MemoryWire } from "./memory-wire.js";
export { type Ok, type Outcome, ok, type RefusalDetails, type Refused, refused } from "./outcome.js";
export { type PendingCall, PendingCalls } from "./pending-calls.js";
export { type ContextFields, LONGEST_WAIT, RequestContext } from "./request-context.js";
export { Rpc, type RpcSettings } from "./rpc.js";
export type { CallMethods, CastMethods, PrepareOptions, RpcClient } from "./rpc-client.js";
export type { Carrier, RpcObserver, SeenMessage } from "./rpc-observer.js";
export type { FailureObserver, IncomingMessage, RpcEndpoint, RpcHandler } from "./rpc-server.js";
export {
  type Address,
  addressText,
  type CallOptions,
  DEFAULT_CONCURRENCY,
  DELIVERY_LIMIT,
  type DeadLetter,
  type DeadLetters,
  type Delivery,
  type DeliveryHandler,
  type Listener,
  type ListenerAddress,
  type ListenOptions,
  listenerQueues,
  type QueueDepth,
  reasonText,
  redeliveryPause,
  type Transport,
} from "./transport.js";
export { isCompatible, type Version } from "./version.js";
export { type WireCheck, WireSchemas, wireJsonSchema } from "./wire-schema.js";
