import type { HostAggregate, ResourceRequestDraft } from "@kilonova/plugin-api";

/** What a request filter has asked of placement. */
export interface AskedOfPlacement {
  readonly required: readonly (readonly string[])[];
  readonly forbidden: readonly string[];
  readonly memberOf: readonly (readonly string[])[];
  readonly notMemberOf: readonly string[];
}

/** A draft that notes what a request filter asks for. For tests of request filters. */
export class SampleDraft implements ResourceRequestDraft {
  readonly #required: string[][] = [];
  readonly #forbidden: string[] = [];
  readonly #memberOf: string[][] = [];
  readonly #notMemberOf: string[] = [];
  readonly #words: string[] = [];

  constructor(
    readonly aggregates: readonly HostAggregate[] = [],
    readonly resources: Readonly<Record<string, number>> = { VCPU: 1, MEMORY_MB: 512, DISK_GB: 1 },
    readonly defaultAvailabilityZone = "nova",
  ) {}

  get asked(): AskedOfPlacement {
    return {
      required: this.#required,
      forbidden: this.#forbidden,
      memberOf: this.#memberOf,
      notMemberOf: this.#notMemberOf,
    };
  }

  /** Why hosts in or outside of aggregates are dropped, as far as the request filter said. */
  get words(): readonly string[] {
    return this.#words;
  }

  get requiredTraits(): ReadonlySet<string> {
    return new Set(this.#required.flatMap((traits) => (traits.length === 1 ? traits : [])));
  }

  get forbiddenTraits(): ReadonlySet<string> {
    return new Set(this.#forbidden);
  }

  requireTrait(trait: string): void {
    this.#required.push([trait]);
  }

  requireAnyTrait(traits: readonly string[]): void {
    this.#required.push([...traits]);
  }

  forbidTrait(trait: string): void {
    this.#forbidden.push(trait);
  }

  requireAggregate(uuids: readonly string[], words?: string): void {
    this.#memberOf.push([...uuids]);
    this.#note(words);
  }

  forbidAggregate(uuids: readonly string[], words?: string): void {
    this.#notMemberOf.push(...uuids);
    this.#note(words);
  }

  #note(words: string | undefined): void {
    if (words !== undefined) this.#words.push(words);
  }
}
