import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readEvents } from '../../support/jfr-events.ts';
import { type MadeClass, madeChunk, utf8, varint } from '../../support/made-jfr.ts';

const [LONG, INT, BOOLEAN, DOUBLE, STRING, SYMBOL, EVENT] = [2, 3, 4, 5, 6, 7, 100];
const CLASSES: readonly MadeClass[] = [
  { id: LONG, name: 'long' },
  { id: INT, name: 'int' },
  { id: BOOLEAN, name: 'boolean' },
  { id: DOUBLE, name: 'double' },
  { id: STRING, name: 'java.lang.String' },
  { id: SYMBOL, name: 'jdk.types.Symbol', fields: [['string', STRING]] },
  { id: EVENT, name: 'app.Event', fields: [['value', LONG]] },
];
const withFields = (fields: MadeClass['fields']): MadeClass[] =>
  CLASSES.map((one) => (one.id === EVENT ? { ...one, fields: fields! } : one));
const read = (chunk: Buffer) => readEvents(chunk, new Set(['app.Event']));
const readBack = (classId: number, bytes: readonly number[]) =>
  read(madeChunk({ classes: withFields([['value', classId]]), events: [[EVENT, bytes]] }))[0]!.values.get('value');

test('numbers of one to nine bytes are what was written, negative ones too', () => {
  for (const n of [0, 1, 127, 128, 16_384, 2 ** 31, 2 ** 40 + 3, Number.MAX_SAFE_INTEGER, -1, -1000, -(2 ** 40) - 7])
    assert.equal(readBack(LONG, varint(n)), n);
  assert.equal(readBack(INT, varint(2 ** 31)), -(2 ** 31), 'an int has 32 bits');
});

test('texts of each encoding are what was written', () => {
  assert.equal(readBack(STRING, [0]), null);
  assert.equal(readBack(STRING, [1]), '');
  assert.equal(readBack(STRING, utf8('Grüße')), 'Grüße');
  assert.equal(readBack(STRING, [4, ...varint(2), ...varint(0x48), ...varint(0x2713)]), 'H\u2713');
  assert.equal(readBack(STRING, [5, ...varint(2), 0x48, 0xe9]), 'Hé');
});

test('a value of a pool is found in whichever checkpoint has it, the newest first', () => {
  const pool = (text: string, key: number) => new Map([[SYMBOL, new Map([[key, utf8(text)]])]]);
  const chunk = madeChunk({
    classes: withFields([['value', SYMBOL, 'pooled']]),
    events: [1, 2, 3].map((key) => [EVENT, varint(key)] as const),
    checkpoints: [pool('old', 1), pool('older one of 2', 2), pool('new', 2)],
  });
  const texts = read(chunk).map(({ chunk: of, values }) => of.resolve(values.get('value')));
  assert.deepEqual(texts, [new Map([['string', 'old']]), new Map([['string', 'new']]), null]);
});

test('arrays, and events of several chunks, come in the order of the file; other types are passed over', () => {
  const classes = [...withFields([['value', INT, 'array']]), { id: 101, name: 'app.Other', fields: [['value', LONG]] as const }];
  const chunk = (...numbers: number[]) =>
    madeChunk({
      classes,
      events: [
        [101, varint(7)],
        [EVENT, [...varint(numbers.length), ...numbers.flatMap(varint)]],
      ],
    });
  const events = read(Buffer.concat([chunk(1, 2), chunk(3)]));
  assert.deepEqual(
    events.map(({ values }) => values.get('value')),
    [[1, 2], [3]],
  );
});

test('what is no recording, or ends too early, is refused with what was expected', () => {
  const whole = madeChunk({ classes: CLASSES, events: [[EVENT, varint(1)]] });
  assert.throws(
    () => read(Buffer.from('not a recording at all, but a text that is as long as a header would be')),
    /expected a chunk of a JFR/,
  );
  assert.throws(() => read(whole.subarray(0, whole.length - 1)), /expected a finished chunk/);
  assert.throws(() => read(whole.subarray(0, 12)), /ends within a value/);
});

test('a type that contains itself and a list of values without bytes have an end', () => {
  const itself: MadeClass = { id: 50, name: 'app.Itself', fields: [['self', 50]] };
  const empty: MadeClass = { id: 51, name: 'app.Empty' };
  const chunkOf = (type: MadeClass, value: NonNullable<MadeClass['fields']>[number], bytes: readonly number[]) =>
    madeChunk({ classes: [...withFields([value]), type], events: [[EVENT, bytes]] });
  assert.throws(() => read(chunkOf(itself, ['value', itself.id], [0])), /levels, found more/);
  assert.throws(() => read(chunkOf(empty, ['value', empty.id, 'array'], varint(2 ** 40))), /entries, found/);
});
