import type { Locks } from "./locks.js";

/** A call of {@link Locks}, and its answer. The fences of a name are numbered as they are given out, from 1. */
export type LockStep =
  | { readonly acquire: string; readonly lease: number; readonly answer: number | undefined }
  | { readonly renew: string; readonly fence: number; readonly lease: number; readonly answer: boolean }
  | { readonly release: string; readonly fence: number; readonly answer: undefined };

/** What every implementation of {@link Locks} does alike. */
export interface LockCase {
  readonly title: string;
  readonly steps: readonly LockStep[];
}

const LONG = 60_000;
/** A lease that has run out as soon as it is given; 0 would not do, since PostgreSQL rounds instants to milliseconds, upwards too. */
const OVER = -1;

export const LOCK_CASES: readonly LockCase[] = [
  {
    title: "a lock is had by one at a time",
    steps: [
      { acquire: "one", lease: LONG, answer: 1 },
      { acquire: "two", lease: LONG, answer: undefined },
    ],
  },
  {
    title: "who holds a lock cannot acquire it again",
    steps: [
      { acquire: "one", lease: LONG, answer: 1 },
      { acquire: "one", lease: LONG, answer: undefined },
      { renew: "one", fence: 1, lease: LONG, answer: true },
    ],
  },
  {
    title: "a lock that was given back goes to the next with a higher fence, and to the same one too",
    steps: [
      { acquire: "one", lease: LONG, answer: 1 },
      { release: "one", fence: 1, answer: undefined },
      { release: "one", fence: 1, answer: undefined },
      { acquire: "one", lease: LONG, answer: 2 },
      { release: "one", fence: 2, answer: undefined },
      { acquire: "two", lease: LONG, answer: 3 },
    ],
  },
  {
    title: "a lock that was given back cannot be renewed",
    steps: [
      { acquire: "one", lease: LONG, answer: 1 },
      { release: "one", fence: 1, answer: undefined },
      { renew: "one", fence: 1, lease: LONG, answer: false },
      { acquire: "two", lease: LONG, answer: 2 },
    ],
  },
  {
    title: "a lease that ran out while nobody asked can be renewed",
    steps: [
      { acquire: "one", lease: OVER, answer: 1 },
      { renew: "one", fence: 1, lease: LONG, answer: true },
      { acquire: "two", lease: LONG, answer: undefined },
    ],
  },
  {
    title: "a lease that ran out goes to the next, and who had it can neither renew nor give it back",
    steps: [
      { acquire: "one", lease: OVER, answer: 1 },
      { acquire: "two", lease: LONG, answer: 2 },
      { renew: "one", fence: 1, lease: LONG, answer: false },
      { release: "one", fence: 1, answer: undefined },
      { acquire: "three", lease: LONG, answer: undefined },
      { renew: "two", fence: 2, lease: LONG, answer: true },
    ],
  },
  {
    title: "an earlier fence of the same holder counts for nothing",
    steps: [
      { acquire: "one", lease: OVER, answer: 1 },
      { acquire: "one", lease: LONG, answer: 2 },
      { renew: "one", fence: 1, lease: LONG, answer: false },
      { release: "one", fence: 1, answer: undefined },
      { acquire: "two", lease: LONG, answer: undefined },
    ],
  },
];

/**
 * Takes the steps of a case with a lock.
 *
 * @param name of a lock that nobody had before
 * @returns what each step answered
 * @throws Error where a fence is not higher than those before
 */
export async function answersOf(
  locks: Locks,
  name: string,
  { steps }: LockCase,
): Promise<readonly LockStep["answer"][]> {
  const fences: number[] = [];
  const answers: LockStep["answer"][] = [];
  for (const step of steps) answers.push(await answerTo(step, locks, name, fences));
  return answers;
}

async function answerTo(step: LockStep, locks: Locks, name: string, fences: number[]): Promise<LockStep["answer"]> {
  if ("renew" in step) return locks.renew(name, step.renew, fences[step.fence - 1] ?? 0, step.lease);
  if ("release" in step) {
    await locks.release(name, step.release, fences[step.fence - 1] ?? 0);
    return undefined;
  }
  const held = await locks.acquire(name, step.acquire, step.lease);
  if (!held) return undefined;
  if (fences.some((fence) => fence >= held.fence)) throw new Error(`fence ${held.fence} came after ${fences}`);
  return fences.push(held.fence);
}
