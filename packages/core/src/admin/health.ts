import { messageOf } from "@kilonova/messaging";
import { withinTime } from "../time/within-time.js";

/** Milliseconds that one check may take: less than any probe waits. */
const CHECK_TIME = 2_000;

/** In which part of its life a service is. */
export type ServiceState = "starting" | "up" | "stopping" | "stopped";

type Phase = "starting" | "serving" | "stopping";

/** Whether a process can be given work, and by what that was told: `ok`, or what is wrong in words. */
export interface Readiness {
  readonly isReady: boolean;
  readonly checks: Readonly<Record<string, string>>;
}

/** How it is with a process: in which part of its life it is, and whether what it needs can be reached just now. */
export class Health {
  #phase: Phase = "starting";
  readonly #services = new Map<string, ServiceState>();
  readonly #checks = new Map<string, () => Promise<void>>();
  #asking: Promise<Readiness> | undefined;

  /** Names what the process needs. @param check throws while it cannot be reached, in words without secrets */
  needs(name: string, check: () => Promise<void>): void {
    this.#checks.set(name, check);
  }

  /** All its services are up. */
  serving(): void {
    if (this.#phase === "starting") this.#phase = "serving";
  }

  /** It takes no new work, for good. */
  stopping(): void {
    this.#phase = "stopping";
  }

  /** @param name by its topic and host */
  service(name: string, state: ServiceState): void {
    this.#services.set(name, state);
  }

  /** Asks all that it needs, at the same time. Who asks meanwhile gets the same answer: probes cost no more by being many. */
  readiness(): Promise<Readiness> {
    this.#asking ??= this.#ask().finally(() => {
      this.#asking = undefined;
    });
    return this.#asking;
  }

  async #ask(): Promise<Readiness> {
    const found = await Promise.all([...this.#checks].map(([name, check]) => this.#found(name, check)));
    const checks = Object.fromEntries([
      ["process", this.#phase === "serving" ? "ok" : this.#phase],
      ...[...this.#services].map(([name, state]) => [`service ${name}`, state === "up" ? "ok" : state]),
      ...found,
    ]);
    return { isReady: Object.values(checks).every((words) => words === "ok"), checks };
  }

  async #found(name: string, check: () => Promise<void>): Promise<readonly [string, string]> {
    try {
      await withinTime(check(), CHECK_TIME, `no answer within ${CHECK_TIME} ms`);
      return [name, "ok"];
    } catch (error) {
      return [name, messageOf(error)];
    }
  }
}
