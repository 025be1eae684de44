import { createHash } from "node:crypto";
import { open } from "node:fs/promises";
import { httpFetch, type ImageSource, KilonovaError } from "@kilonova/plugin-api";

/** What an image's record says of its bytes. */
export interface ImageContent {
  readonly checksum: ImageChecksum;
  readonly sizeBytes: number;
}

export interface ImageChecksum {
  readonly algorithm: "md5" | "sha256" | "sha512";
  /** In lower-case hexadecimal digits. */
  readonly value: string;
}

export interface DownloadOptions {
  /** The longest wait for the answer, or for the next bytes, in milliseconds. */
  readonly stallTimeoutMs: number;
  readonly signal: AbortSignal;
}

/** Why an image could not be had, in `details.reason` of the `KilonovaError` (`image.unavailable`). */
export type ImageFailureReason = "unreachable" | "status" | "size" | "checksum" | "stalled" | "content";

/**
 * Streams an image's bytes into a new file and checks size and checksum on the way. On return the file is whole and on disk; after
 * an error the caller removes what there is of it.
 *
 * @throws KilonovaError `image.unavailable`; the signal's reason where it was aborted.
 */
export async function downloadImage(
  source: ImageSource,
  content: ImageContent,
  path: string,
  options: DownloadOptions,
): Promise<void> {
  const stall = new AbortController();
  const signal = AbortSignal.any([options.signal, stall.signal]);
  const late = unavailable("stalled", source, `sent nothing for ${options.stallTimeoutMs} ms`);
  const timer = setTimeout(() => stall.abort(late), options.stallTimeoutMs);
  try {
    const body = await request(source, signal);
    await store(body, source, content, path, () => timer.refresh());
  } catch (error) {
    signal.throwIfAborted();
    throw error;
  } finally {
    clearTimeout(timer);
    // Ends what is left of the answer when it was not read to its end.
    stall.abort();
  }
}

async function request(source: ImageSource, signal: AbortSignal): Promise<AsyncIterable<Uint8Array>> {
  const { protocol } = new URL(source.url);
  if (protocol !== "http:" && protocol !== "https:")
    throw unavailable("unreachable", source, `is not HTTP (${protocol})`);
  const headers = { ...source.headers, accept: "application/octet-stream", "accept-encoding": "identity" };
  // A redirect would carry the host's request, and maybe the ticket, to where nobody meant it to go.
  const response = await httpFetch(source.tls)(source.url, { headers, signal }).catch((cause: unknown) => {
    throw unavailable("unreachable", source, `cannot be reached: ${wordsOf(cause)}`, cause);
  });
  if (response.status !== 200) throw unavailable("status", source, `answered ${response.status}`);
  if (!response.body) throw unavailable("size", source, "answered without a body");
  return response.body;
}

async function store(
  body: AsyncIterable<Uint8Array>,
  source: ImageSource,
  { checksum, sizeBytes }: ImageContent,
  path: string,
  progress: () => void,
): Promise<void> {
  const hash = createHash(checksum.algorithm);
  let received = 0;
  const file = await open(path, "wx", 0o600);
  try {
    for await (const chunk of readable(body, source)) {
      progress();
      received += chunk.length;
      if (received > sizeBytes) throw unavailable("size", source, `sent more than ${sizeBytes} bytes`);
      hash.update(chunk);
      await file.writeFile(chunk);
    }
    await file.sync();
  } finally {
    await file.close();
  }
  if (received < sizeBytes) {
    throw unavailable("size", source, `ended after ${received} of ${sizeBytes} bytes`);
  }
  const digest = hash.digest("hex");
  if (digest !== checksum.value) {
    throw unavailable("checksum", source, `sent bytes whose ${checksum.algorithm} is ${digest}, not ${checksum.value}`);
  }
}

/** The body, with a broken connection told apart from an error of our own disk. */
async function* readable(body: AsyncIterable<Uint8Array>, source: ImageSource): AsyncGenerator<Uint8Array> {
  try {
    yield* body;
  } catch (cause) {
    throw unavailable("unreachable", source, `broke off: ${wordsOf(cause)}`, cause);
  }
}

function unavailable(reason: ImageFailureReason, { url }: ImageSource, what: string, cause?: unknown): KilonovaError {
  const place = URL.canParse(url) ? new URL(url) : undefined;
  return new KilonovaError(
    "image.unavailable",
    `${place ? place.origin + place.pathname : "the image's address"} ${what}`,
    {
      details: { reason },
      ...(cause === undefined ? {} : { cause }),
    },
  );
}

/** What `fetch` throws says little; the reason is its cause. */
function wordsOf(thrown: unknown): string {
  const cause = thrown instanceof Error && thrown.cause instanceof Error ? thrown.cause : thrown;
  return cause instanceof Error ? cause.message : String(cause);
}
