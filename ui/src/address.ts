//! An address in three parts, to bring out the host. For the eye only: nothing is decided by it.

export interface AddressParts {
  before: string;
  host: string;
  after: string;
}

/** The parts of `address`; null if it has no host. */
export function addressParts(address: string): AddressParts | null {
  const found = /^(https?:\/\/)((?:[^/?#@]*@)?)([^/?#]+)(.*)$/s.exec(address);
  if (!found) return null;
  const [, scheme = "", user = "", host = "", rest = ""] = found;
  return { before: scheme + user, host, after: rest === "/" ? "" : rest };
}

/** The host of `address`, or an empty text. */
export function hostOf(address: string): string {
  return addressParts(address)?.host ?? "";
}
