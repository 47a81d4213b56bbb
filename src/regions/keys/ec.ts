/** Elliptic-curve arithmetic on P-256 (secp256r1, SEC 2 section 2.4.2). The only file that knows the curve library. */
import { type WeierstrassPointCons, weierstrassN } from '@noble/curves/abstract/weierstrass.js';

let pointClass: WeierstrassPointCons<bigint> | undefined;

/** Built on first use: reports about boards without EC keys should not wait for it. */
function curve(): WeierstrassPointCons<bigint> {
  pointClass ??= weierstrassN<bigint>({
    p: 0xffffffff00000001000000000000000000000000ffffffffffffffffffffffffn,
    n: 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n,
    h: 1n,
    a: 0xffffffff00000001000000000000000000000000fffffffffffffffffffffffcn,
    b: 0x5ac635d8aa3a93e7b3ebbd55769886bc651d06b0cc53b0f63bce3c3e27d2604bn,
    Gx: 0x6b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296n,
    Gy: 0x4fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5n,
  });
  return pointClass;
}

/** The point in its uncompressed form (65 bytes), or undefined when the bytes are not a point of the curve. */
export function uncompressedPoint(point: Uint8Array): Uint8Array | undefined {
  try {
    return curve().fromBytes(point).toBytes(false);
  } catch {
    return undefined;
  }
}

/** The public point that belongs to a private scalar, or undefined when the scalar is out of range. */
export function publicPoint(scalar: bigint): Uint8Array | undefined {
  try {
    return curve().BASE.multiply(scalar).toBytes(false);
  } catch {
    return undefined;
  }
}
