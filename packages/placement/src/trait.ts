/**
 * A trait of an operator's own, `CUSTOM_…`, or one under a prefix of the standard ones. The standard traits grow with every
 * release of OpenStack, so that a list of them would refuse what is right.
 */
export function isTrait(name: string): boolean {
  return /^(CUSTOM|COMPUTE|HW|STORAGE|MISC|OWNER)_[A-Z0-9_]+$/.test(name);
}
