/** RSA key pairs made by node. The counterpart for browsers is ../web/keypair.ts; a test compares what they give. */
import { generateKeyPair } from 'node:crypto';

/** A new private key as PKCS#8 DER, with the public exponent 65537. */
export function generateRsaKey(bits: number): Promise<Uint8Array> {
  return new Promise((resolve, reject) => {
    const options = { modulusLength: bits, publicExponent: 0x10001 };
    generateKeyPair('rsa', options, (error, _, privateKey) => {
      if (error) reject(error);
      else resolve(new Uint8Array(privateKey.export({ type: 'pkcs8', format: 'der' })));
    });
  });
}
