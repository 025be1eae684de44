import type { ServerGroupRule } from "@kilonova/contracts";
import { beforeEach, describe, expect, test } from "vitest";
import type { Capacity } from "../contracts/known-host.js";
import { ClaimHistory, type Question, type Wish } from "./claim-history.js";

const LARGE = { VCPU: 8, MEMORY_MB: 1_000, DISK_GB: 100 };
const ANTI_AFFINITY: ServerGroupRule = { id: "apart", policy: "anti-affinity", maxServerPerHost: 1 };
const AFFINITY: ServerGroupRule = { id: "together", policy: "affinity", maxServerPerHost: 1 };

let history: ClaimHistory;
let servers = 0;
beforeEach(() => {
  history = new ClaimHistory(
    new Map([
      ["a", LARGE],
      ["b", LARGE],
    ]),
  );
});

/** A wish for servers of so many vCPUs. */
function wish(VCPU: number, { count = 1, group = null as ServerGroupRule | null, MEMORY_MB = 1 } = {}): Wish {
  const size: Capacity = { VCPU, MEMORY_MB, DISK_GB: 1 };
  return { size, serverIds: Array.from({ length: count }, () => `server-${++servers}`), group };
}

function placed(asked: Wish, host: string): void {
  history.place(
    history.ask(asked),
    asked.serverIds.map(() => host),
  );
}

const refusedNow = (asked: Wish) => history.refuse(history.ask(asked), "no room");

describe("a refusal is wrong", () => {
  test.each<[string, Wish]>([
    ["one host had room", wish(4)],
    ["hosts had room together", wish(2, { count: 4 })],
    ["one host had room for all that have to be together", wish(2, { count: 2, group: AFFINITY })],
    ["each host had room for one that may not be with another", wish(2, { count: 2, group: ANTI_AFFINITY })],
  ])("where %s", (_, asked) => {
    placed(wish(4), "a");
    placed(wish(4), "b");
    refusedNow(asked);
    expect(history.wrongRefusals).toEqual([expect.stringContaining("never less than 4 VCPU 999 MEMORY_MB 99 DISK_GB")]);
  });

  test("where one that came later is to blame for nothing", () => {
    refusedNow(wish(8));
    placed(wish(1), "a");
    placed(wish(1), "b");
    expect(history.wrongRefusals).toHaveLength(1);
  });
});

describe("a refusal is right", () => {
  test.each<[string, Wish]>([
    ["no host had room", wish(5)],
    ["there was too little of something else", wish(1, { MEMORY_MB: 1_000 })],
    ["hosts had room for some alone", wish(2, { count: 5 })],
    ["no host had room for all that have to be together", wish(2, { count: 3, group: AFFINITY })],
    ["there are fewer hosts than members that may not be together", wish(1, { count: 3, group: ANTI_AFFINITY })],
  ])("where %s", (_, asked) => {
    placed(wish(4), "a");
    placed(wish(4), "b");
    refusedNow(asked);
    expect(history.wrongRefusals).toEqual([]);
  });

  test.each<[string, (blocker: Question) => void]>([
    ["was placed", (blocker) => history.place(blocker, ["b"])],
    [
      "was placed and taken away",
      (blocker) => {
        history.place(blocker, ["b"]);
        history.forget(history.drawSome(2));
      },
    ],
  ])("where what was under way at the time, and %s afterwards, may have been there", (_, end) => {
    placed(wish(8), "a");
    const blocker = history.ask(wish(1));
    refusedNow(wish(8));
    end(blocker);
    expect(history.wrongRefusals).toEqual([]);
  });

  test("where a host had room before and after, and not in between", () => {
    placed(wish(8), "a");
    const asked = history.ask(wish(8));
    placed(wish(1), "b");
    history.forget(history.drawSome(2));
    history.refuse(asked, "no room");
    expect(history.wrongRefusals).toEqual([]);
  });
});

test("a refusal is judged when all is known that was under way", () => {
  const late = history.ask(wish(1));
  refusedNow(wish(8));
  expect(history.wrongRefusals).toEqual([]);
  history.giveUp(late);
  expect(history.wrongRefusals).toHaveLength(1);
});
