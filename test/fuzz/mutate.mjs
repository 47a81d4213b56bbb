/** Changes of inputs that have broken readers before: cut, repeated, moved, flipped, and numbers at their limits. */
const NUMBERS = [0, 1, 3, 4, 0x7f, 0x80, 0xff, 0xfffe, 0xffff, 0x10000, 0x7fffffff, 0x80000000, 0xfffffff0, 0xffffffff];
const ADDRESSES = [0x08000000, 0x08020000, 0x08060000, 0x080a0000, 0x080c0000, 0x080fffff, 0x08100000, 0x1fffc000];
const MAX_SIZE = 1 << 20;

function flip(bytes, random) {
  for (let count = 1 + random.below(8); count > 0; count--) bytes[random.below(bytes.length)] ^= 1 << random.below(8);
  return bytes;
}

function overwrite(bytes, random) {
  const start = random.below(bytes.length);
  bytes.set(random.bytes(Math.min(1 + random.below(64), bytes.length - start)), start);
  return bytes;
}

function putNumber(bytes, random) {
  const value = random.pick(random.below(2) ? NUMBERS : ADDRESSES);
  const size = random.pick([1, 2, 4]);
  const start = random.below(bytes.length);
  for (let index = 0; index < size && start + index < bytes.length; index++) {
    bytes[start + index] = (value >>> (8 * index)) & 0xff;
  }
  return bytes;
}

function truncate(bytes, random) {
  return bytes.slice(0, random.below(bytes.length));
}

function cutFront(bytes, random) {
  return bytes.slice(random.below(Math.min(bytes.length, 64)));
}

function fill(bytes, random) {
  const start = random.below(bytes.length);
  return bytes.fill(random.pick([0, 0xff, 0x55]), start, start + 1 + random.below(bytes.length - start));
}

function repeat(bytes, random) {
  const start = random.below(bytes.length);
  const part = bytes.subarray(start, start + 1 + random.below(256));
  const times = Math.min(1 + random.below(50), Math.floor((MAX_SIZE - bytes.length) / part.length));
  if (times <= 0) return bytes;
  return join([bytes.subarray(0, start), ...Array.from({ length: times }, () => part), bytes.subarray(start)]);
}

function move(bytes, random) {
  const size = 1 + random.below(Math.min(bytes.length, 4096));
  const from = random.below(bytes.length - size + 1);
  bytes.copyWithin(random.below(bytes.length - size + 1), from, from + size);
  return bytes;
}

function splice(bytes, random, corpus) {
  const other = random.pick(corpus).bytes;
  const front = bytes.subarray(0, random.below(bytes.length + 1));
  return join([front, other.subarray(random.below(other.length + 1))]).slice(0, MAX_SIZE);
}

const CHANGES = [flip, overwrite, putNumber, putNumber, truncate, cutFront, fill, repeat, move, splice];

function join(parts) {
  const bytes = new Uint8Array(parts.reduce((size, part) => size + part.length, 0));
  let offset = 0;
  for (const part of parts) {
    bytes.set(part, offset);
    offset += part.length;
  }
  return bytes;
}

/** An input: one of the corpus with some changes, or now and then only noise. The corpus itself is never changed. */
export function mutate(random, corpus) {
  if (random.below(20) === 0) return random.bytes(random.below(2000));
  let bytes = random.pick(corpus).bytes.slice();
  for (let count = random.below(5); count > 0 && bytes.length > 0; count--) {
    bytes = random.pick(CHANGES)(bytes, random, corpus);
  }
  return bytes;
}
