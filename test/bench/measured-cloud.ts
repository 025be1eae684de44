/** The parts of a cloud whose memory is told apart. */
export type Part = "node" | "postgresql" | "rabbitmq";

/** A cloud that is measured, with the fake driver and room for more than 1,000 servers. */
export interface MeasuredCloud {
  /** Where its clouds are described: `kilonova`, an ordinary user, and `kilonova-admin`. */
  readonly cloudsFile: string;
  /** Starts all its processes; resolves when they are ready. The first time its database is empty. */
  start(): Promise<void>;
  /** Stops its processes, so that it can be started again. */
  stop(): Promise<void>;
  /** The processes under which all others of each part are, those of guests apart. */
  processes(): Promise<Readonly<Partial<Record<Part, readonly number[]>>>>;
  /** What its processes printed and logged, for who has to find out what went wrong. */
  output(): Promise<string>;
  /** Ends it and forgets all that it had. Safe to repeat. */
  destroy(): Promise<void>;
}

/** A deployment that is measured. */
export interface CloudCase {
  readonly name: string;
  prepare(): Promise<MeasuredCloud>;
}

/** Quotas, host size and addresses such that 1,000 servers fit, with room to spare. */
export const ROOMY: readonly string[] = [
  "--quota.instances=-1",
  "--quota.cores=-1",
  "--quota.ram=-1",
  "--fake.vcpus=4000",
  "--fake.memoryMb=1000000",
  "--fake.diskGb=60000",
  "--network.fixedRange=10.0.0.0/16",
];
