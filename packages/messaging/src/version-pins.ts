import type { RpcContract } from "./contract.js";
import type { Version } from "./version.js";

/**
 * What an operator says of versions: how new the messages of a contract may be. For a cloud in which services of two
 * releases run side by side.
 */
export interface VersionPins {
  /**
   * The newest version of a contract that may be sent; undefined: whatever this release knows. A promise where it has to
   * be found out first: the message waits for it, and fails with what it rejects with.
   */
  pinOf(contract: RpcContract): Version | undefined | Promise<Version | undefined>;
}
