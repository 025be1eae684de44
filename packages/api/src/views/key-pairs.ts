import type { Keypair } from "@kilonova/compute-store";
import { isoMicroseconds } from "./instant.js";

/** One of `GET /os-keypairs`. */
export function briefKeyPairView(keyPair: Keypair, minor: number) {
  const { name, publicKey, fingerprint, type } = keyPair;
  return { name, public_key: publicKey, fingerprint, ...(minor >= 2 ? { type } : undefined) };
}

/** `GET /os-keypairs/{name}`. */
export function keyPairView(keyPair: Keypair, minor: number) {
  return {
    ...briefKeyPairView(keyPair, minor),
    user_id: keyPair.userId,
    // Keys have no number; this one is always the same for the same key.
    id: Number.parseInt(keyPair.fingerprint.replaceAll(":", "").slice(0, 7), 16),
    created_at: isoMicroseconds(keyPair.createdAt),
    updated_at: null,
    deleted: false,
    deleted_at: null,
  };
}

/** What `POST /os-keypairs` answers; the private key where one was made. */
export function createdKeyPairView(keyPair: Keypair, privateKey: string | undefined, minor: number) {
  return {
    ...briefKeyPairView(keyPair, minor),
    user_id: keyPair.userId,
    ...(privateKey === undefined ? undefined : { private_key: privateKey }),
  };
}
