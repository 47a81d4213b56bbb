/** RSA key pairs made by the browser. Must give what ../node/keypair.ts gives; a test compares them. */

/** A new private key as PKCS#8 DER, with the public exponent 65537. */
export async function generateRsaKey(bits: number): Promise<Uint8Array> {
  // The use named here does not matter: the key leaves as numbers.
  const algorithm = {
    name: 'RSASSA-PKCS1-v1_5',
    modulusLength: bits,
    publicExponent: Uint8Array.of(1, 0, 1),
    hash: 'SHA-256',
  };
  const pair = await crypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
  return new Uint8Array(await crypto.subtle.exportKey('pkcs8', pair.privateKey));
}
