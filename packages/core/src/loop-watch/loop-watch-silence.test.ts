import { describe, expect, it } from "vitest";
import { LoopSilence } from "./loop-watch-silence.js";

const LIMIT = 1_000;
const INTERVAL = 250;

/** Looks at each interval for so long, while the loop last beat at `beat`. */
function looksUntil(silence: LoopSilence, from: number, to: number, beat: number | "beating") {
  const states = [];
  for (let now = from; now <= to; now += INTERVAL) {
    states.push(silence.look(now, beat === "beating" ? now : beat));
  }
  return states;
}

const kinds = (states: readonly { readonly kind: string }[]) => [...new Set(states.map(({ kind }) => kind))];

describe("the silence of a loop", () => {
  it("is nothing while the loop beats", () => {
    expect(kinds(looksUntil(new LoopSilence(LIMIT, INTERVAL, 0), 250, 10_000, "beating"))).toEqual(["beating"]);
  });

  it("is a blockage once it is longer than the limit for sure, and its length is told when it is over", () => {
    const silence = new LoopSilence(LIMIT, INTERVAL, 0);
    expect(kinds(looksUntil(silence, 250, 1_000, 0))).toEqual(["beating"]);
    expect(silence.look(1_250, 0)).toEqual({ kind: "blocked", length: 1_000 });
    expect(silence.look(1_500, 0)).toEqual({ kind: "blocked", length: 1_250 });
    expect(silence.look(1_750, 1_600)).toEqual({ kind: "back", length: 1_350 });
    expect(silence.look(2_000, 1_850)).toEqual({ kind: "beating" });
  });

  it("begins anew with each beat", () => {
    const silence = new LoopSilence(LIMIT, INTERVAL, 0);
    looksUntil(silence, 250, 1_000, 0);
    expect(kinds(looksUntil(silence, 1_250, 2_000, 900))).toEqual(["beating"]);
    expect(silence.look(2_250, 900)).toEqual({ kind: "blocked", length: 1_100 });
  });

  it("does not count while the whole process did not run", () => {
    const silence = new LoopSilence(LIMIT, INTERVAL, 0);
    expect(silence.look(250, 240)).toEqual({ kind: "beating" });
    expect(silence.look(3_600_500, 240)).toEqual({ kind: "beating" });
    expect(silence.look(3_600_750, 3_600_600)).toEqual({ kind: "beating" });
  });

  it("does not count before anybody looked", () => {
    const silence = new LoopSilence(LIMIT, INTERVAL, 5_000);
    expect(kinds(looksUntil(silence, 5_250, 6_000, 10))).toEqual(["beating"]);
    expect(silence.look(6_250, 10)).toEqual({ kind: "blocked", length: 1_000 });
  });

  it("leaves a stop of the process out of a blockage's length", () => {
    const silence = new LoopSilence(LIMIT, INTERVAL, 0);
    looksUntil(silence, 250, 1_000, 0);
    expect(silence.look(1_250, 0)).toEqual({ kind: "blocked", length: 1_000 });
    expect(silence.look(61_500, 0)).toEqual({ kind: "blocked", length: 1_250 });
    expect(silence.look(61_750, 61_700)).toEqual({ kind: "back", length: 1_450 });
  });
});
