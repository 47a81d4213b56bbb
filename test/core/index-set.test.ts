import fc from 'fast-check';
import { expect, it } from 'vitest';
import { IndexSet } from '../../src/core/index-set.js';

const BOUNDS = [1, 31, 32, 33, 1024, 1025, 40_000];

it('finds the nearest members like a plain list', () => {
  const runs = fc.constantFrom(...BOUNDS).chain((bound) =>
    fc.record({
      bound: fc.constant(bound),
      steps: fc.array(fc.record({ add: fc.boolean(), member: fc.nat(bound - 1) }), { maxLength: 60 }),
      probes: fc.array(fc.nat(bound - 1), { maxLength: 20 }),
    }),
  );
  fc.assert(
    fc.property(runs, ({ bound, steps, probes }) => {
      const set = new IndexSet(bound);
      const plain = new Set<number>();
      for (const { add, member } of steps) {
        if (add) {
          set.add(member);
          plain.add(member);
        } else {
          set.delete(member);
          plain.delete(member);
        }
      }
      const sorted = [...plain].sort((a, b) => a - b);
      for (const probe of [...probes, 0, bound - 1]) {
        expect(set.next(probe)).toBe(sorted.find((member) => member >= probe));
        expect(set.previous(probe)).toBe(sorted.findLast((member) => member <= probe));
      }
      expect(set.next(bound)).toBeUndefined();
    }),
  );
});

it('walks all members, also the highest bits of their words', () => {
  const set = new IndexSet(5000);
  const members = [0, 31, 32, 63, 1023, 1024, 2047, 4999];
  for (const member of members) set.add(member);
  const walked: number[] = [];
  for (let member = set.next(0); member !== undefined; member = set.next(member + 1)) walked.push(member);
  expect(walked).toEqual(members);
  expect(new IndexSet(0).next(0)).toBeUndefined();
});
