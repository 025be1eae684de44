import type { SchedulingDecision } from "@kilonova/contracts";

/** What users may say by hints is kept up to here, whatever the rest takes. Bytes of JSON. */
const MOST_HINTS = 16_384;
const FEW = 20;

type Trim = readonly [words: string, trim: (decision: SchedulingDecision) => SchedulingDecision];

const HINTS: Trim = ["hints", (decision) => withSpec(decision, { hints: {} })];

/** What is left out, one after the other, until the rest is small enough: what is missed least comes first. */
const TRIMS: readonly Trim[] = [
  ["samples of dropped hosts", (decision) => withDrops(decision, (drops) => drops.map(withoutSample))],
  ["scores but the best 3", (decision) => ({ ...decision, scores: decision.scores.slice(0, 3) })],
  HINTS,
  [
    "extra specs, image properties and networks",
    (decision) => {
      const { flavor, image } = decision.requestSpec;
      return withSpec(decision, {
        flavor: { ...flavor, extraSpecs: {} },
        image: image && { ...image, properties: {} },
        networks: Array.isArray(decision.requestSpec.networks) ? [] : decision.requestSpec.networks,
      });
    },
  ],
  ["the resource request", (decision) => ({ ...decision, resourceRequest: null })],
  [
    "alternates",
    (decision) => ({ ...decision, selections: decision.selections.map((each) => ({ ...each, alternates: [] })) }),
  ],
  ["scores and weigher times", (decision) => ({ ...decision, scores: [], weigherTimes: {} })],
  [
    `drops, refused claims and stages but the first ${FEW}`,
    (decision) => ({
      ...decision,
      stages: withDrops(decision, (drops) => drops.slice(0, FEW)).stages.slice(0, FEW),
      claims: { ...decision.claims, refused: decision.claims.refused.slice(0, FEW) },
    }),
  ],
  [`selections but the first ${FEW}`, (decision) => ({ ...decision, selections: decision.selections.slice(0, FEW) })],
  ["drops", (decision) => withDrops(decision, () => [])],
];

/**
 * The decision itself where its JSON has no more than so many bytes, else what is left of it after details were left
 * out; `trimmed` says which. The servers, the outcome and the counts of each stage stay.
 */
export function boundedDecision(decision: SchedulingDecision, mostBytes: number): SchedulingDecision {
  let bounded = bytesOf(decision.requestSpec.hints) > MOST_HINTS ? trimmed(decision, HINTS) : decision;
  for (const trim of TRIMS) {
    if (bytesOf(bounded) <= mostBytes) break;
    bounded = trimmed(bounded, trim);
  }
  return bounded;
}

function trimmed(decision: SchedulingDecision, [words, trim]: Trim): SchedulingDecision {
  const said = decision.trimmed ?? [];
  return said.includes(words) ? decision : { ...trim(decision), trimmed: [...said, words] };
}

function withSpec(
  decision: SchedulingDecision,
  changes: Partial<SchedulingDecision["requestSpec"]>,
): SchedulingDecision {
  return { ...decision, requestSpec: { ...decision.requestSpec, ...changes } };
}

type Drops = SchedulingDecision["stages"][number]["drops"];

function withDrops(decision: SchedulingDecision, change: (drops: Drops) => Drops): SchedulingDecision {
  return { ...decision, stages: decision.stages.map((stage) => ({ ...stage, drops: change(stage.drops) })) };
}

function withoutSample(drop: Drops[number]): Drops[number] {
  return { ...drop, sample: [] };
}

function bytesOf(value: unknown): number {
  return Buffer.byteLength(JSON.stringify(value));
}
