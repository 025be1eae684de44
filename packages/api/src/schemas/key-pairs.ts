import { z } from "zod";
import { KEY_TYPES } from "../key-pairs/public-key.js";
import { name } from "./parameter-types.js";

const keyPair_2_1 = z.strictObject({ name, public_key: z.string().max(65_535).nullable().optional() });
const keyPair_2_2 = keyPair_2_1.extend({ type: z.enum(KEY_TYPES).optional() });
const keyPair_2_10 = keyPair_2_2.extend({ user_id: z.string().min(1).max(255).optional() });
// From here on the user makes the keys: the private one never leaves the user's machine.
const keyPair_2_92 = keyPair_2_10.extend({ public_key: z.string().max(65_535) });

/** Bodies of `POST /os-keypairs` by the microversion that brought them. */
export const createKeyPairBodies = {
  "2.1": z.strictObject({ keypair: keyPair_2_1 }),
  "2.2": z.strictObject({ keypair: keyPair_2_2 }),
  "2.10": z.strictObject({ keypair: keyPair_2_10 }),
  "2.92": z.strictObject({ keypair: keyPair_2_92 }),
};
