import type { ContractCheck } from "./contract-check.js";

/** What checks work on. */
interface EndingWorld {
  end(): Promise<void>;
}

/** Checks by their promises. */
export type WorldChecks<World> = Readonly<Record<string, (world: World) => Promise<void>>>;

/**
 * Gives each check a world of its own, which is ended whatever came of it.
 *
 * @param tidy what the check leaves to be done before its world is ended
 */
export function checksInWorld<World extends EndingWorld>(
  checks: WorldChecks<World>,
  makeWorld: () => Promise<World>,
  tidy: (world: World) => Promise<void> = async () => {},
): readonly ContractCheck[] {
  return Object.entries(checks).map(([name, check]) => ({
    name,
    run: async () => {
      const world = await makeWorld();
      try {
        await check(world);
      } finally {
        await tidy(world).finally(() => world.end());
      }
    },
  }));
}
