import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  BOUNDARY_IDCODE,
  type DebugAccess,
  INSTRUCTIONS,
  nextState,
  PROCESSOR_IDCODE,
  ScanChain,
  STATES,
  type TapState,
} from './tap.js';

type Call = Parameters<DebugAccess['access']>;

function chain(result = 0): { readonly pins: ScanChain; readonly calls: Call[] } {
  const calls: Call[] = [];
  const pins = new ScanChain({ result: () => result, access: (...call) => calls.push(call) });
  pins.clock(0, 0);
  return { pins, calls };
}

const bitsOf = (value: number, width: number): number[] =>
  Array.from({ length: width }, (_, bit) => (value >>> bit) & 1);

const numberFrom = (bits: readonly number[]): number => bits.reduce((sum, bit, index) => sum + bit * 2 ** index, 0);

/** From run-test/idle through a whole scan and back; what came out of TDO. */
function scanThrough(pins: ScanChain, register: 'dr' | 'ir', bits: readonly number[]): number[] {
  for (const tms of register === 'dr' ? [1, 0, 0] : [1, 1, 0, 0]) pins.clock(tms, 0);
  expect(pins.state).toBe(`shift-${register}`);
  const out = bits.map((bit, index) => {
    const { tdo } = pins;
    pins.clock(index === bits.length - 1 ? 1 : 0, bit);
    return tdo;
  });
  for (const tms of [1, 0]) pins.clock(tms, 0);
  expect(pins.state).toBe('run-test-idle');
  return out;
}

/** Processor first: it is next to TDO. */
function select(pins: ScanChain, processor: number, boundary = 0x1f): number[] {
  return scanThrough(pins, 'ir', [...bitsOf(processor, 4), ...bitsOf(boundary, 5)]);
}

describe('the states of a test access port', () => {
  it('are reset by five ones, from everywhere', () => {
    for (const start of STATES) {
      let state: TapState = start;
      for (let edge = 0; edge < 5; edge++) state = nextState(state, 1);
      expect(state).toBe('test-logic-reset');
    }
  });

  it('are stable where the standard says so', () => {
    const stable = STATES.filter((state) => nextState(state, 0) === state);
    expect(stable).toEqual(['run-test-idle', 'shift-dr', 'pause-dr', 'shift-ir', 'pause-ir']);
  });

  it('are all reached', () => {
    fc.assert(
      fc.property(fc.constantFrom(...STATES), (state) => {
        const from = STATES.filter((each) => nextState(each, 0) === state || nextState(each, 1) === state);
        expect(from.length).toBeGreaterThan(0);
      }),
    );
  });
});

describe('the chain of an STM32F205', () => {
  it('gives both identification codes after a reset, the processor first', () => {
    const { pins } = chain();
    const out = scanThrough(pins, 'dr', new Array<number>(64).fill(0));
    expect(numberFrom(out.slice(0, 32))).toBe(PROCESSOR_IDCODE);
    expect(numberFrom(out.slice(32))).toBe(BOUNDARY_IDCODE);
  });

  it('captures 1 in both instruction registers', () => {
    expect(select(chain().pins, INSTRUCTIONS.bypass)).toEqual([1, 0, 0, 0, 1, 0, 0, 0, 0]);
  });

  it('is two bits long when both are bypassed', () => {
    const { pins } = chain();
    select(pins, INSTRUCTIONS.bypass);
    expect(scanThrough(pins, 'dr', [1, 1, 0, 1, 0, 0])).toEqual([0, 0, 1, 1, 0, 1]);
  });

  it('carries transactions of the debug port, with the result of the one before', () => {
    const data = fc.integer({ min: 0, max: 0xffffffff });
    fc.assert(
      fc.property(
        data,
        data,
        fc.constantFrom(0, 4, 8, 12),
        fc.boolean(),
        fc.boolean(),
        (result, sent, address, isRead, isDp) => {
          const { pins, calls } = chain(result);
          select(pins, isDp ? INSTRUCTIONS.dpacc : INSTRUCTIONS.apacc);
          // The bypass bit of the other port comes last into the chain.
          const out = scanThrough(pins, 'dr', [isRead ? 1 : 0, ...bitsOf(address >> 2, 2), ...bitsOf(sent, 32), 0]);
          expect(numberFrom(out.slice(0, 3))).toBe(2);
          expect(numberFrom(out.slice(3, 35))).toBe(result);
          expect(calls).toEqual([[isDp ? 'dp' : 'ap', isRead, address, sent]]);
        },
      ),
    );
  });

  it('goes back to identification when it is reset', () => {
    const { pins } = chain();
    select(pins, INSTRUCTIONS.bypass);
    for (let edge = 0; edge < 5; edge++) pins.clock(1, 0);
    pins.clock(0, 0);
    expect(numberFrom(scanThrough(pins, 'dr', new Array<number>(32).fill(1)))).toBe(PROCESSOR_IDCODE);
    expect(pins.tdo).toBe(1);
  });
});
