import type { Rpc } from "@kilonova/messaging";
import { token } from "./token.js";

/** Typed clients for any contract: `rpc.client(exampleContract).call.greet(…)`. */
export const RPC = token<Rpc>("rpc");

/** Where this process is, as `service.host` names it. */
export const HOST = token<string>("host");

/** The folder of the configuration in use, from which relative paths in options are resolved. Absolute. */
export const BASE_DIRECTORY = token<string>("base-directory");
