import { fault } from "@kilonova/http";
import type { ByteRange, RequestHeaders } from "@kilonova/plugin-api";

/**
 * The one range of bytes that a request asks for; undefined where it asks for all, or for something that is no single
 * range, which HTTP lets a server overlook.
 *
 * @throws ApiFault 416 where none of the bytes are there
 */
export function rangeOf(headers: RequestHeaders, size: number): ByteRange | undefined {
  const { range } = headers;
  const [, first, last] = (typeof range === "string" && /^bytes=(\d{0,15})-(\d{0,15})$/.exec(range)) || [];
  if (first === undefined || last === undefined || (first === "" && last === "")) return undefined;
  if (first !== "" && last !== "" && Number(last) < Number(first)) return undefined;
  const start = first === "" ? Math.max(0, size - Number(last)) : Number(first);
  const end = first === "" || last === "" ? size : Math.min(size, Number(last) + 1);
  if (start < end) return { start, end };
  throw fault(416, `The image has ${size} bytes.`, { headers: { "Content-Range": `bytes */${size}` } });
}
