import { type Token, token } from "@kilonova/plugin-api";

/** What a metric is: a `gauge` goes up and down, a `counter` only grows, and its name ends with `_total`. */
export interface MetricSpec {
  readonly type: "gauge" | "counter";
  /** In a sentence, with its unit. */
  readonly help: string;
}

/** Metrics that are read together and have the same labels. */
export interface MetricGroup<Name extends string, Label extends string> {
  readonly labels: readonly Label[];
  /** By their names: `kilonova_<thing>_<unit>`, in the base units of Prometheus, seconds and bytes. */
  readonly metrics: Readonly<Record<Name, MetricSpec>>;
}

/** What is found for one set of labels. A value that is left out is not known. */
export interface MetricSample<Name extends string, Label extends string> {
  readonly labels: Readonly<Record<Label, string>>;
  readonly values: Readonly<Partial<Record<Name, number>>>;
}

/** Where a service tells what there is to be measured of it. */
export interface Metrics {
  /**
   * Has metrics read whenever somebody asks for them, and never otherwise. Several may tell of the same group; what one
   * that fails or takes long had to tell is left out, and counted.
   *
   * @param read must be cheap, a statement say. Its labels have few values: names of code, never of users
   */
  add<Name extends string, Label extends string>(
    group: MetricGroup<Name, Label>,
    read: () => readonly MetricSample<Name, Label>[] | Promise<readonly MetricSample<Name, Label>[]>,
  ): void;
}

/** `@inject(METRICS) metrics: Metrics` */
export const METRICS: Token<Metrics> = token<Metrics>("metrics");

/** Where nobody asks. */
export const noMetrics: Metrics = { add: () => {} };
