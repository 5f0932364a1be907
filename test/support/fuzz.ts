import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import fc from 'fast-check';
import type { Series } from '../../src/history/series.ts';

/** `npm run fuzz -- --cases 1000000` by hand; `--seed N` repeats a run. */
export const RUNS = Number(process.env.FUZZ_RUNS ?? 300);
export const SEED = Number(process.env.FUZZ_SEED ?? Date.now() % 2 ** 31);
/** Most time for one parser; null: until all cases are tried. */
const MOST_MS = process.env.FUZZ_SECONDS === undefined ? null : Number(process.env.FUZZ_SECONDS) * 1000;

const CASES_PER_TURN = 256;

/** A value that a hostile or broken writer may put where a number is expected. */
export const oddNumber = fc.oneof(
  fc.constantFrom(
    '',
    ' ',
    '-5',
    '-0',
    'NaN',
    'Infinity',
    '1e309',
    '0x10',
    '4611686018427387904',
    '9223372036854771712',
    'max',
    '12abc',
  ),
  fc.nat().map(String),
  fc.bigInt().map(String),
);
export const oddOrPlain = fc.oneof({ weight: 3, arbitrary: fc.nat().map(String) }, oddNumber);
export const oddKey = fc.oneof(
  fc.constantFrom('__proto__', 'constructor', 'toString', 'anon', 'file', 'total_cache', 'hierarchical_memory_limit', '\0', ''),
  fc.string(),
);
/** Texts near to `seed`: pieces cut out, doubled, or replaced by what does not belong there. */
export const near = (seed: string) =>
  fc.array(fc.tuple(fc.nat(seed.length), fc.nat(40), fc.oneof(oddNumber, oddKey, fc.string())), { maxLength: 6 }).map((edits) => {
    let text = seed;
    for (const [at, length, odd] of edits) text = text.slice(0, at) + odd + text.slice(at + length);
    return text;
  });
export const json = fc.jsonValue({ maxDepth: 4 });

/** Every number in a parsed value is a size or a count. Records of fields have no other prototype than that of all objects. */
function assertPlausible(value: unknown, path = ''): void {
  if (typeof value === 'number') assert.ok(value >= 0 && value <= 2 ** 64, `${path}: ${value}`);
  else if (typeof value === 'string') assert.ok(value.length <= 2 ** 20, `${path}: a text of ${value.length}`);
  else if (Array.isArray(value)) for (const [i, v] of value.entries()) assertPlausible(v, `${path}[${i}]`);
  else if (typeof value === 'object' && value !== null) {
    assert.equal(Object.getPrototypeOf(value), Object.prototype, path);
    for (const [key, v] of Object.entries(value)) assertPlausible(v, `${path}.${key}`);
  }
}

/** How V8 words its own errors, as Node 20 to 26 do: a parser that passes one on has not said what it expected. */
const OF_THE_RUNTIME =
  /Cannot (?:read|set|convert|mix|destructure)|is not (?:a function|iterable|defined|an object)|Invalid (?:array|string|typed array) length|call stack|\[object \w+\]/;

/** Each column has a value or a gap in each row, and each value is a possible size, count or time. Times may be in any order. */
export function assertPossible({ t, fields, limitBytes, heapMaxBytes, intervalS }: Series): void {
  assert.ok(
    t.every((at) => at >= 0 && at <= 2 ** 32),
    'each time is before 2100',
  );
  for (const [name, column] of fields) {
    assert.equal(column.length, t.length, name);
    assert.ok(
      column.every((value) => Number.isNaN(value) || (value >= 0 && value < Number.POSITIVE_INFINITY)),
      `${name}: ${column}`,
    );
  }
  for (const value of [limitBytes, heapMaxBytes, intervalS]) if (value !== 'max') assertPlausible(value);
}

/** The parser answers, or throws one of the errors that it promises, for each of the inputs. */
export function fuzz<T>(
  name: string,
  inputs: fc.Arbitrary<T>,
  parse: (input: T) => unknown,
  ...promised: (new (
    ...args: never[]
  ) => Error)[]
): void {
  test(`whatever ${name} holds is parsed into possible values, or refused in words`, async (t) => {
    t.diagnostic(`seed ${SEED}`);
    let [parsed, refused] = [0, 0];
    const seen = (value: unknown): void => {
      parsed++;
      assertPlausible(value);
    };
    const thrown = (error: unknown): void => {
      if (!promised.some((kind) => error instanceof kind)) throw error;
      assert.ok(error instanceof Error && error.message.length > 0 && error.message.length < 1000);
      assert.doesNotMatch(error.message, OF_THE_RUNTIME);
      refused++;
    };
    const tried = (input: T): void | Promise<void> => {
      let value: unknown;
      try {
        value = parse(input);
      } catch (error) {
        return thrown(error);
      }
      return value instanceof Promise ? value.then(seen, thrown) : seen(value);
    };
    await fc.assert(
      fc.asyncProperty(inputs, async (input) => {
        // Only a turn of the event loop lets the time limit end it.
        if ((parsed + refused) % CASES_PER_TURN === 0) await turn();
        await tried(input);
      }),
      {
        numRuns: RUNS,
        seed: SEED,
        ...(MOST_MS === null ? {} : { interruptAfterTimeLimit: MOST_MS, markInterruptAsFailure: false }),
      },
    );
    t.diagnostic(`${name}: ${parsed} parsed, ${refused} refused`);
  });
}

export function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false; // most edits break it, which is not what is tried here
  }
}
