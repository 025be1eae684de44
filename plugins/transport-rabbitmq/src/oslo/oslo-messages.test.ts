import { type AnswerEnvelope, isKilonovaError, type RequestEnvelope } from "@kilonova/messaging";
import {
  constantFrom,
  dictionary,
  json,
  jsonValue,
  option,
  property,
  record,
  string,
  assert as verify,
} from "fast-check";
import { describe, expect, it } from "vitest";
import { fromOsloAnswer, toOsloAnswer, toOsloBeat } from "./oslo-answer.js";
import { unwrap, wrap } from "./oslo-envelope.js";
import { fromOsloRequest, toOsloRequest } from "./oslo-request.js";

const words = string({ minLength: 1, maxLength: 40 });
const names = words.filter((name) => name !== "__proto__");
const request: RequestEnvelope = {
  v: 1,
  id: "0a1b",
  contract: "compute_task",
  version: "1.4",
  method: "build_instances",
  args: { hosts: ["a"] },
  context: { requestId: "req-1", userId: "u-1", roles: ["member"], isAdmin: false, readDeleted: "no", token: "t" },
};

/** What a listener reads of what a client wrote. */
function sent(topic: string, written: object, expiration?: string) {
  const properties = expiration === undefined ? {} : { expiration };
  return fromOsloRequest(topic, unwrap({ body: wrap(written) }), properties);
}

describe("a request in oslo's envelope", () => {
  it("has the names that oslo.messaging gives to things", () => {
    const replyTo = { messageId: "m1", queue: "reply_1", monitor: 20 };
    expect(toOsloRequest("conductor", request, replyTo)).toMatchObject({
      method: "build_instances",
      args: { hosts: ["a"] },
      version: "1.4",
      namespace: "compute_task",
      _unique_id: "0a1b",
      _msg_id: "m1",
      _reply_q: "reply_1",
      _timeout: 20,
      _context_request_id: "req-1",
      _context_user_id: "u-1",
      _context_project_id: null,
      _context_roles: ["member"],
      _context_auth_token: "t",
    });
    expect(toOsloRequest("compute_task", request)).not.toHaveProperty("namespace");
  });

  it("comes back as it was, whatever is in it; the token with calls alone", () => {
    verify(
      property(
        record({
          contract: constantFrom("conductor", "compute_task"),
          args: dictionary(names, jsonValue({ maxDepth: 3 })),
          carrier: option(dictionary(names, words), { nil: undefined }),
          userName: option(words, { nil: undefined }),
        }),
        ({ userName, carrier, ...more }) => {
          const { token, ...fields } = request.context;
          const context = { ...fields, ...(userName === undefined ? {} : { userName }) };
          const asked = { ...request, ...more, context: { ...context, token }, ...(carrier ? { carrier } : {}) };
          const plain = JSON.parse(JSON.stringify({ ...asked, context }));
          expect(JSON.parse(JSON.stringify(sent("conductor", toOsloRequest("conductor", asked)).request))).toEqual(
            plain,
          );
          const replyTo = { messageId: "m1", queue: "reply_1", monitor: undefined };
          const call = sent("conductor", toOsloRequest("conductor", asked, replyTo), "1500");
          expect(call.replyTo).toEqual(replyTo);
          expect(call.request.context.token).toBe("t");
          expect(call.request.timeLeft).toBe(1500);
        },
      ),
    );
  });

  it("has no argument that would be a prototype", () => {
    const message = JSON.parse('{ "method": "x", "args": { "__proto__": { "isAdmin": true }, "a": 1 } }');
    const { args } = fromOsloRequest("conductor", message, {}).request;
    expect(Object.keys(args)).toEqual(["a"]);
    expect(args["isAdmin"]).toBeUndefined();
  });

  it.each([
    ["a context whose administrator is a word", { method: "x", _context_is_admin: "yes" }],
    ["a request id of a megabyte", { method: "x", _context_request_id: "x".repeat(2 ** 20) }],
    ["roles that are none", { method: "x", _context_roles: "admin" }],
    ["no method", { args: {} }],
    ["arguments that are a list", { method: "x", args: [1] }],
    ["a list in place of a message", [1, 2]],
  ])("with %s is refused in words", (_, message) => {
    expect(() => fromOsloRequest("conductor", message, {})).toThrow(
      expect.objectContaining({ code: "rpc.badMessage" }),
    );
  });

  it.each([
    ["no JSON", Buffer.from("{")],
    ["an envelope of another major version", Buffer.from('{"oslo.version":"3.0","oslo.message":"{}"}')],
    ["an envelope around no JSON", Buffer.from('{"oslo.version":"2.0","oslo.message":"{"}')],
    ["more than may be sent", Buffer.alloc(20 * 2 ** 20, " ")],
  ])("that is %s is refused", (_, body) => {
    expect(() => unwrap({ body })).toThrow(expect.objectContaining({ code: "rpc.badMessage" }));
  });

  it("is taken without an envelope as well", () => {
    expect(unwrap({ body: Buffer.from('{"method":"x"}') })).toEqual({ method: "x" });
  });
});

describe("an answer in oslo's envelope", () => {
  const through = (answer: AnswerEnvelope) => fromOsloAnswer(unwrap({ body: wrap(toOsloAnswer("m1", answer)) }));

  it("comes back as it was: any value, a refusal with its details, a coded failure", () => {
    verify(
      property(json({ maxDepth: 3 }), (text) => {
        const value: unknown = JSON.parse(text);
        expect(through({ v: 1, value })).toEqual({ messageId: "m1", type: "answer", answer: { v: 1, value } });
      }),
    );
    const refusal = { v: 1, refusal: "nameTaken", details: { name: "x" } } as const;
    expect(through(refusal)).toMatchObject({ answer: refusal });
    const error = { v: 1, error: { code: "virt.failed", message: "no disk", details: { disk: "vda" } } } as const;
    expect(through(error)).toMatchObject({ answer: error });
    const newer = { v: 1, error: { code: "virt.ofTomorrow", message: "unknown yet" } } as const;
    expect(through(newer)).toMatchObject({ answer: newer });
  });

  it.each([
    ["rpc.unknownMethod", undefined, "NoSuchMethod", "oslo_messaging.rpc.dispatcher"],
    ["rpc.unsupportedVersion", undefined, "UnsupportedVersion", "oslo_messaging.rpc.dispatcher"],
    ["rpc.unknownContract", undefined, "UnsupportedVersion", "oslo_messaging.rpc.dispatcher"],
    ["virt.failed", undefined, "KilonovaError", "kilonova"],
    ["rpc.failed", { class: "ValueError", module: "builtins" }, "ValueError", "builtins"],
  ])("shows %s to Python as the exception that it knows", (code, details, name, module) => {
    const error = { code, message: "words", ...(details ? { details } : {}) };
    const { failure } = toOsloAnswer("m1", { v: 1, error }) as { failure: string };
    expect(JSON.parse(failure)).toMatchObject({ class: name, module, message: "words", args: ["words"], kwargs: {} });
  });

  it("of Python says its class and module", () => {
    const failure = { class: "ValueError", module: "builtins", message: "no", tb: ["…"], args: ["no"], kwargs: {} };
    const message = { _msg_id: "m1", result: null, failure: JSON.stringify(failure), ending: true };
    expect(fromOsloAnswer(message)).toEqual({
      messageId: "m1",
      type: "answer",
      answer: {
        v: 1,
        error: { code: "rpc.failed", message: "ValueError: no", details: { class: "ValueError", module: "builtins" } },
      },
    });
  });

  it("may be a sign of life, and may be nonsense", () => {
    expect(fromOsloAnswer(toOsloBeat("m1"))).toEqual({ messageId: "m1", type: "beat" });
    const isBad = (error: unknown) => isKilonovaError(error, "rpc.badMessage");
    expect(() => fromOsloAnswer("nonsense")).toThrow(expect.toSatisfy(isBad));
  });
});
