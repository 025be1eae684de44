import type { Readable } from "node:stream";
import { finished, Transform, type TransformCallback } from "node:stream";

/**
 * The bytes of a request's body on their way to a store, counted. A store that gives up destroys this stream and not the
 * body: the connection lives on, and the caller can be told why.
 */
export class CountedBytes extends Transform {
  received = 0;

  static of(body: Readable): CountedBytes {
    const bytes = new CountedBytes();
    // A body that broke off does not end the pipe by itself.
    finished(body, { writable: false }, (error) => {
      if (error) bytes.destroy(error);
    });
    return body.pipe(bytes);
  }

  override _transform(chunk: Buffer, _encoding: BufferEncoding, done: TransformCallback): void {
    this.received += chunk.length;
    done(null, chunk);
  }
}
