import type { SchedulingRequest } from "@kilonova/plugin-api";

/** What flavor and image say of the hardware. The first contradiction found is kept: no host serves such a request. */
export class HardwareWishes {
  readonly specs: Readonly<Record<string, string>>;
  readonly properties: Readonly<Record<string, string>>;
  #problem: string | undefined;

  constructor({ flavor, image }: SchedulingRequest) {
    this.specs = flavor.extraSpecs;
    this.properties = image?.properties ?? {};
  }

  /** What is wrong, as a clause: `hw:numa_nodes is no number from 1 to 128`. */
  get problem(): string | undefined {
    return this.#problem;
  }

  /** `hw:x` of the flavor; undefined where it is empty. */
  flavor(name: string): string | undefined {
    return this.specs[`hw:${name}`] || undefined;
  }

  /** `hw_x` of the image; undefined where it is empty. */
  image(name: string): string | undefined {
    return this.properties[`hw_${name}`] || undefined;
  }

  complain(problem: string): void {
    this.#problem ??= problem;
  }

  /** The text as one of those that there are; else it is complained about. */
  oneOf<Choice extends string>(name: string, text: string | undefined, choices: readonly Choice[]): Choice | undefined {
    const found = choices.find((choice) => choice === text);
    if (text !== undefined && found === undefined) this.complain(`${name} is none of ${choices.join(", ")}`);
    return found;
  }
}
