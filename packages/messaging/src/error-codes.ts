/**
 * The one table of error codes: what may be thrown, by any package, and what it tells an operator. A code is never
 * reused. An expected refusal ("name taken") is no error: it is declared in a contract and comes back as a value.
 */
export const ERROR_CODES = {
  internal: "A bug, or a world that broke in a way nobody foresaw.",
  "config.invalid": "An option is unknown, or its value is not what is expected.",
  "contract.invalid": "A contract breaks a rule of the framework, or a class does not answer what its contract says.",
  "object.notFound": "An object path leads nowhere.",
  "object.wrongKind": "An object path leads to something other than what the option expects.",
  "object.cycle": "Objects need one another in a circle.",
  "object.failed": "Code that an object path leads to threw, or did not settle, while it was loaded or made.",
  "plugin.unfit": "A plugin's manifest is wrong, or it was written for another version of plugin-api.",
  "rpc.noListener": "Nobody listens on the topic, or not on that host.",
  "rpc.deadlineExceeded": "The answer did not come before the deadline.",
  "rpc.peerLost": "Whoever took the call is gone, or its beats stopped; it may have been begun.",
  "rpc.cancelled": "The caller gave the call up.",
  "rpc.unknownContract": "The listener does not serve this contract.",
  "rpc.unknownMethod": "The contract has no such method.",
  "rpc.unsupportedVersion": "The listener's version of the contract is too old, or of another major version.",
  "rpc.versionCapped": "A required argument or a method is newer than the version that may be sent.",
  "rpc.badArguments": "The arguments are not what the contract says.",
  "rpc.forbidden": "The sender may not ask this: it is bound to a host, and this is none of that host's business.",
  "rpc.badResult": "The result is not what the contract says.",
  "rpc.badMessage": "A message could not be understood.",
  "rpc.tooLong": "A message is longer than may be sent.",
  "rpc.failed": "A handler failed with an error that has no code of its own.",
  "transport.unreachable": "The broker cannot be reached.",
  "transport.refused":
    "The broker refuses what is asked of it: the log-in, a right, or a queue that is there with other arguments.",
  "transport.closed": "The transport is closed, or closing.",
  "database.unreachable": "The database cannot be reached.",
  "database.failed": "The database refused a statement, or did not finish it.",
  "database.schemaTooOld": "The schema is older than this release needs.",
  "database.schemaTooNew": "The schema is newer than this release knows.",
  "database.embeddedFailed": "The embedded PostgreSQL could not be started.",
  "database.versionMismatch": "The data were written by another major version of PostgreSQL.",
  "state.unwritable": "The state folder cannot be written.",
  "state.locked": "Another process holds the state folder.",
  "listen.failed": "A port cannot be listened on.",
  "hook.vetoed": "A hook refused the operation.",
  "hook.failed": "A hook that must not fail failed.",
  "service.failedToStart": "A service could not be started.",
  "virt.failed": "A hypervisor could not do what it was asked.",
  "virt.reschedule": "This host cannot build the server, another may.",
  "image.unavailable": "The bytes of an image cannot be had, or are not what their checksum says.",
  "network.failed": "A network could not be prepared on a host.",
  "operation.stale": "A newer owner has taken over the operation.",
  "cloud.unknown": "A command does not know which cloud to talk to, or as whom.",
  "cloud.unreachable": "A cloud's address does not answer a command, or not in time.",
  "cloud.refused": "A cloud refuses what a command asks of it, does not have it, or answers what is not understood.",
  "lock.lost": "A lock's lease ran out while it was held.",
} as const satisfies Record<string, string>;

/** A code of the table. */
export type ErrorCode = keyof typeof ERROR_CODES;

/** True for a code of the table: what came over the wire may be from a newer release. */
export function isErrorCode(code: unknown): code is ErrorCode {
  return typeof code === "string" && Object.hasOwn(ERROR_CODES, code);
}
