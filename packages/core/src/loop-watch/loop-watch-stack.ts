import type { Debugger, Session } from "node:inspector";
import type { StackFrame } from "./loop-watch-culprit.js";

/**
 * Asks the main thread what it runs, from another thread: it is stopped at its next instruction, for a moment. Code outside
 * JavaScript, a system call that waits say, is asked when it returns.
 *
 * @param isStill false once the answer would be about something else
 * @param signal gives the question up
 * @returns the calls, innermost first; undefined where there is no inspector, or nothing to say any more
 */
export async function stackOfMainThread(
  isStill: () => boolean,
  signal: AbortSignal,
): Promise<readonly StackFrame[] | undefined> {
  const inspector = process.getBuiltinModule("node:inspector");
  if (!inspector) return undefined;
  const session = new inspector.Session();
  session.connectToMainThread();
  try {
    return await askedOf(session, isStill, signal);
  } finally {
    session.disconnect();
  }
}

function askedOf(
  session: Session,
  isStill: () => boolean,
  signal: AbortSignal,
): Promise<readonly StackFrame[] | undefined> {
  const urls = new Map<string, string>();
  return new Promise((resolve) => {
    signal.addEventListener("abort", () => resolve(undefined), { once: true });
    session.on("Debugger.scriptParsed", ({ params }) => urls.set(params.scriptId, params.url));
    session.on("Debugger.paused", ({ params }) => {
      const stack = isStill() ? params.callFrames.map((frame) => stackFrame(frame, urls)) : undefined;
      session.post("Debugger.resume", () => resolve(stack));
    });
    session.post("Debugger.enable");
    session.post("Debugger.pause");
  });
}

function stackFrame(
  { functionName, url, location }: Debugger.CallFrame,
  urls: ReadonlyMap<string, string>,
): StackFrame {
  return { functionName, url: url || (urls.get(location.scriptId) ?? ""), line: location.lineNumber + 1 };
}
