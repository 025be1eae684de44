import type { Socket } from "node:net";
import { messageOf } from "@kilonova/messaging";
import type { z } from "zod";

/** Characters of one frame: longer than any message may be. */
const LONGEST_FRAME = 2 ** 28;

/** A socket as a line of frames: JSON, one a line. What is no frame ends it. */
export class Line<Sent, Received> {
  readonly #socket: Socket;
  /** The pieces of a frame that has not ended yet. */
  #pieces: string[] = [];
  #length = 0;

  constructor(
    socket: Socket,
    schema: z.ZodType<Received>,
    on: { readonly frame: (frame: Received) => void; readonly end: () => void },
  ) {
    this.#socket = socket;
    socket.setEncoding("utf8");
    socket.on("data", (text: string) => {
      try {
        for (const line of this.#lines(text)) on.frame(schema.parse(JSON.parse(line)));
      } catch (error) {
        socket.destroy(new Error(`what came is no frame: ${messageOf(error)}`));
      }
    });
    // The end follows, and is all that matters.
    socket.on("error", () => {});
    socket.once("close", on.end);
  }

  /** Sends a frame; where the line has ended, to nobody. */
  send(frame: Sent): void {
    if (this.#socket.writable) this.#socket.write(`${JSON.stringify(frame)}\n`);
  }

  end(): void {
    this.#socket.destroy();
  }

  *#lines(text: string): Generator<string> {
    const [first = "", ...rest] = text.split("\n");
    this.#keep(first);
    for (const next of rest) {
      const line = this.#pieces.join("");
      this.#pieces = [];
      this.#length = 0;
      this.#keep(next);
      yield line;
    }
  }

  #keep(piece: string): void {
    this.#length += piece.length;
    if (this.#length > LONGEST_FRAME) throw new Error("it is too long");
    this.#pieces.push(piece);
  }
}
