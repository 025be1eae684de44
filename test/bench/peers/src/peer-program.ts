import { createInterface } from "node:readline";

/** What is sent by every peer, there and back. */
export interface Payload {
  readonly uuid: string;
  readonly payload: string;
}

export const PAYLOAD: Payload = { uuid: "x".repeat(36), payload: "y".repeat(80) };

/** One way of doing remote procedure calls over RabbitMQ. */
export interface Peer {
  /** Answers calls with what they bring, and calls `worked` for each cast; resolves when both are listened for. */
  serve(url: string, topic: string, worked: () => void): Promise<void>;
  /** Resolves when the first call can be made. */
  connect(url: string, topic: string): Promise<PeerClient>;
}

export interface PeerClient {
  call(payload: Payload): Promise<Payload>;
  /** Resolves as soon as the peer says that the message is sent, whatever that means to it. */
  cast(payload: Payload): Promise<void>;
}

/** What the client is asked for, a line of JSON each on standard input; the answers go to standard output alike. */
type Request =
  | { readonly ask: "calls"; readonly concurrency: number; readonly seconds: number }
  | { readonly ask: "casts"; readonly concurrency: number; readonly count: number };

/**
 * The main program of a peer, `serve` or `send` by its first argument. It says `ready` when it is, and ends when its
 * standard input does, so that it never outlives who measures. `oslo/oslo-peer.py` speaks the same words.
 */
export async function runPeer(peer: Peer): Promise<void> {
  const url = setting("BENCH_AMQP_URL");
  const topic = setting("BENCH_TOPIC");
  if (process.argv[2] === "serve") await serve(peer, url, topic);
  else await send(await peer.connect(url, topic));
  process.exit(0);
}

async function serve(peer: Peer, url: string, topic: string): Promise<void> {
  let expected = Number.POSITIVE_INFINITY;
  let worked = 0;
  await peer.serve(url, topic, () => {
    worked += 1;
    if (worked === expected) say({ worked });
  });
  say("ready");
  for await (const line of lines()) {
    expected = Number(JSON.parse(line).expect);
    worked = 0;
    say("expecting");
  }
}

async function send(client: PeerClient): Promise<void> {
  say("ready");
  for await (const line of lines()) {
    const request: Request = JSON.parse(line);
    say(request.ask === "calls" ? await calls(client, request) : await casts(client, request));
  }
}

async function calls(client: PeerClient, { concurrency, seconds }: Request & { ask: "calls" }) {
  const times: number[] = [];
  const start = performance.now();
  const end = start + seconds * 1_000;
  await together(concurrency, async () => {
    for (let begun = performance.now(); begun < end; begun = performance.now()) {
      const answer = await client.call(PAYLOAD);
      times.push(performance.now() - begun);
      if (answer.uuid !== PAYLOAD.uuid) throw new Error(`the answer was ${JSON.stringify(answer)}`);
    }
  });
  const spent = (performance.now() - start) / 1_000;
  times.sort((a, b) => a - b);
  const at = (part: number) => times[Math.floor((times.length - 1) * part)];
  return { perSecond: times.length / spent, p50: at(0.5), p99: at(0.99) };
}

async function casts(client: PeerClient, { concurrency, count }: Request & { ask: "casts" }) {
  let sent = 0;
  await together(concurrency, async () => {
    while (sent < count) {
      sent += 1;
      await client.cast(PAYLOAD);
    }
  });
  return { sent };
}

async function together(concurrency: number, work: () => Promise<void>): Promise<void> {
  await Promise.all(Array.from({ length: concurrency }, work));
}

function lines(): AsyncIterable<string> {
  return createInterface({ input: process.stdin });
}

function say(what: unknown): void {
  process.stdout.write(`${JSON.stringify(what)}\n`);
}

function setting(name: string): string {
  const value = process.env[name];
  if (!value) throw new Error(`${name} is not set: a peer is started by the benchmark of RPC`);
  return value;
}
