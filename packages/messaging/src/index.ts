export { BEAT_INTERVAL } from "./beat-watch.js";
export {
  type Args,
  type Handlers,
  isRpcContract,
  type MethodName,
  type MethodSpec,
  type MethodSpecs,
  method,
  type Result,
  type RpcContract,
  rpcContract,
} from "./contract.js";
export { type AnswerEnvelope, EnvelopeCodec, LONGEST_MESSAGE, type RequestEnvelope } from "./envelope.js";
export { ERROR_CODES, type ErrorCode, isErrorCode } from "./error-codes.js";
export { isHopeless } from "./hopeless.js";
export { type ErrorContext, isKilonovaError, KilonovaError, messageOf } from "./kilonova-error.js";
export { MemoryTransport } from "./memory-transport.js";
export { MemoryWire } from "./memory-wire.js";
export { type Ok, type Outcome, ok, type RefusalDetails, type Refused, refused } from "./outcome.js";
export { type PendingCall, PendingCalls, type SilentCall } from "./pending-calls.js";
export type { RemoteStacks } from "./remote-stacks.js";
export { type ContextFields, LONGEST_WAIT, RequestContext } from "./request-context.js";
export { Rpc, type RpcSettings } from "./rpc.js";
export type { CallMethods, CastMethods, PrepareOptions, RpcClient } from "./rpc-client.js";
export type { Carrier, RpcObserver, SeenMessage } from "./rpc-observer.js";
export type { DeadCastObserver, FailureObserver, IncomingMessage, RpcEndpoint, RpcHandler } from "./rpc-server.js";
export { boundHost, boundUser, forbidden } from "./sender.js";
export { since } from "./since.js";
export { assertTopic, TOPIC } from "./topic.js";
export {
  type Address,
  addressText,
  type BrokerParty,
  type BrokerRights,
  type BrokerSetup,
  type CallOptions,
  DEFAULT_CONCURRENCY,
  DELIVERY_LIMIT,
  type DeadLetter,
  type DeadLetterObserver,
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
export type { UntypedCallOptions, UntypedMessage, UntypedOptions, UntypedOutcome } from "./untyped-call.js";
export { isCompatible, isVersion, lowestVersion, type Version } from "./version.js";
export type { VersionPins } from "./version-pins.js";
export { type WireCheck, WireSchemas, wireJsonSchema } from "./wire-schema.js";
