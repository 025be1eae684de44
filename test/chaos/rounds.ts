/** One kind of thing that is asked for: so many times, by so many at the same time. */
export interface Demand {
  readonly howMany: number;
  readonly atOnce: number;
  /** Asks once; settles when there is an answer, or none is waited for any more. Must not reject. */
  readonly ask: (index: number) => Promise<void>;
}

/**
 * Asks for everything in as many rounds as there are strikes. In each round its share of every demand is asked for, all at
 * the same time, and when a third of that has been answered its strike falls. The round is over when all is answered and
 * the strike is over: so every strike meets work, however fast a machine is.
 */
export async function inRounds(
  demands: readonly Demand[],
  strikes: readonly (() => Promise<void>)[],
  onRound: (round: number) => void = () => {},
): Promise<void> {
  for (const [round, strike] of strikes.entries()) {
    onRound(round);
    const shares = demands.map((demand) => shareOf(demand, round, strikes.length));
    const third = new Threshold(shares.reduce((sum, { length }) => sum + length, 0) / 3);
    const asking = demands.map((demand, at) => askAll(demand, shares[at] ?? [], () => third.count()));
    await third.reached;
    await Promise.all([strike(), ...asking]);
  }
}

function shareOf({ howMany }: Demand, round: number, rounds: number): readonly number[] {
  const first = Math.floor((howMany * round) / rounds);
  const end = Math.floor((howMany * (round + 1)) / rounds);
  return Array.from({ length: end - first }, (_, index) => first + index);
}

async function askAll({ atOnce, ask }: Demand, share: readonly number[], onAnswer: () => void): Promise<void> {
  const left = [...share];
  const worker = async () => {
    for (let index = left.shift(); index !== undefined; index = left.shift()) {
      await ask(index);
      onAnswer();
    }
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
}

/** Resolves `reached` once it has counted so far. */
class Threshold {
  readonly reached: Promise<void>;
  #resolve: () => void = () => {};
  #counted = 0;

  constructor(private readonly enough: number) {
    this.reached = new Promise((resolve) => (this.#resolve = resolve));
  }

  count(): void {
    if (++this.#counted >= this.enough) this.#resolve();
  }
}
