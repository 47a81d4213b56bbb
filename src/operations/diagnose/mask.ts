/** Text of others that may hold keys: what looks like one is not repeated. */

const MASK = '(masked)';
const SECRETS: readonly RegExp[] = [
  // Keys, tokens and dumps in hexadecimal; a device id has 24 digits and stays.
  /\b(?:0x)?[0-9A-Fa-f]{32,}\b/g,
  /\b[0-9A-Fa-f]{2}(?:[ :,-]{1,2}(?:0x)?[0-9A-Fa-f]{2}){15,}\b/g,
  // A line of PEM, a token, a claim code.
  /[A-Za-z0-9+/=_-]{40,}/g,
];
const NAMED = /((?:password|passphrase|passwd|token|secret|psk|claim[ _-]?code)["']?[ =:]{1,3})(\S{1,200})/gi;

/** The text with everything that looks like a key, a token or a passphrase masked. */
export function maskSecrets(text: string): string {
  const named = text.replace(NAMED, (_, name: string) => `${name}${MASK}`);
  return SECRETS.reduce((masked, pattern) => masked.replace(pattern, MASK), named);
}
