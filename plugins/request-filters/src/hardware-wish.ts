import type { RequestRefusal, RequestSpec } from "@kilonova/plugin-api";

/** What flavor and image say together: a value, nothing, or two that cannot both be had. */
export type HardwareWish<Value> = { readonly value: Value | undefined } | { readonly refusal: RequestRefusal };

const TRUE = /^(?:1|t|true|on|y|yes)$/i;

/**
 * What is wished for by the flavor's `hw:NAME` and the image's `hw_NAME`. Where both say something it has to be the same.
 *
 * @param read what a text means
 */
export function hardwareWish<Value>(
  { flavor, image }: RequestSpec,
  name: string,
  read: (text: string) => Value,
): HardwareWish<Value> {
  const ours = readText(flavor.extraSpecs[`hw:${name}`], read);
  const theirs = readText(image?.properties[`hw_${name}`], read);
  if (ours !== undefined && theirs !== undefined && ours !== theirs) {
    const words = `the flavor's hw:${name} and the image's hw_${name} contradict each other`;
    return { refusal: { code: "flavor-image-conflict", words } };
  }
  return { value: ours ?? theirs };
}

/** Whether it is wished for, likewise; whatever does not say yes says no. */
export function isWished(request: RequestSpec, name: string): HardwareWish<boolean> {
  return hardwareWish(request, name, (text) => TRUE.test(text.trim()));
}

function readText<Value>(text: string | undefined, read: (text: string) => Value): Value | undefined {
  return text === undefined ? undefined : read(text);
}
