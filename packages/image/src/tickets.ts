import { createHmac, timingSafeEqual } from "node:crypto";
import { type Database, StoredKeys } from "@kilonova/database";
import type { Clock } from "@kilonova/plugin-api";
import { ticketKeys } from "./tables.js";

const KEY_BYTES = 32;

const TICKET = /^1\.([0-9a-f-]{36})\.(\d{1,15})\.([A-Za-z0-9_-]{43})$/;

/** A ticket, and until when it is good, in milliseconds since 1970. */
export interface IssuedTicket {
  readonly ticket: string;
  readonly expiresAt: number;
}

/**
 * Tickets for the bytes of one image each: its id and the end of the ticket, signed. Nothing is kept of them; whoever
 * holds one may fetch, so they are never logged.
 */
export class Tickets {
  constructor(
    private readonly keys: Pick<StoredKeys, "all">,
    private readonly clock: Clock,
    /** Milliseconds */
    private readonly lifetime: number,
  ) {}

  async issue(imageId: string): Promise<IssuedTicket> {
    const [key] = await this.keys.all();
    if (!key) throw new TypeError("there is no key for tickets");
    const expiresAt = this.clock.now() + this.lifetime;
    const signature = signatureOf(key, imageId, expiresAt).toString("base64url");
    return { ticket: `1.${imageId}.${expiresAt}.${signature}`, expiresAt };
  }

  /** The id of the image that a ticket is for; undefined for one that is no good, for whatever reason. */
  async imageIdOf(ticket: string): Promise<string | undefined> {
    const [, imageId, end, signature] = TICKET.exec(ticket) ?? [];
    if (imageId === undefined || end === undefined || signature === undefined) return undefined;
    const expiresAt = Number(end);
    const given = Buffer.from(signature, "base64url");
    const isSigned = (await this.keys.all()).some((key) =>
      timingSafeEqual(signatureOf(key, imageId, expiresAt), given),
    );
    return isSigned && this.clock.now() < expiresAt ? imageId : undefined;
  }
}

function signatureOf(key: Buffer, imageId: string, expiresAt: number): Buffer {
  return createHmac("sha256", key).update(`kilonova-image-ticket 1 ${imageId} ${expiresAt}`).digest();
}

/** The keys that tickets are signed with. */
export function ticketKeysOf(database: Database): StoredKeys {
  return new StoredKeys(database, ticketKeys, KEY_BYTES);
}
