import assert from 'node:assert/strict';
import { test } from 'node:test';
import { OLD_OBJECT_SAMPLE, type OldObject, OldObjectReader } from '../../../src/culprit/old-objects.ts';
import { retentionOf } from '../../../src/culprit/retention.ts';
import { readEvents } from '../../support/jfr-events.ts';
import { type MadeClass, madeChunk, utf8, varint } from '../../support/made-jfr.ts';
import { CLASS, INT, madeStack, STACK_CLASSES, STRING, TRACE } from '../../support/made-stack.ts';

const [FIELD, REFERENCE, OBJECT, SAMPLE] = [9, 10, 11, 100];
const CLASSES: readonly MadeClass[] = [
  ...STACK_CLASSES,
  {
    id: FIELD,
    name: 'jdk.types.OldObjectField',
    fields: [
      ['name', STRING],
      ['modifiers', INT],
    ],
  },
  {
    id: REFERENCE,
    name: 'jdk.types.Reference',
    fields: [
      ['field', FIELD, 'pooled'],
      ['object', OBJECT, 'pooled'],
    ],
  },
  {
    id: OBJECT,
    name: 'jdk.types.OldObject',
    fields: [
      ['type', CLASS],
      ['description', STRING],
      ['referrer', REFERENCE, 'pooled'],
    ],
  },
  {
    id: SAMPLE,
    name: OLD_OBJECT_SAMPLE,
    fields: [
      ['stackTrace', TRACE],
      ['object', OBJECT, 'pooled'],
    ],
  },
];

/** An object that refers to the one before it, by a field ("name", or "static name" in a class's mirror) or as an element of an array. */
interface OnPath {
  readonly type: string;
  readonly by?: string;
  readonly description?: string;
}

/** The samples of one recording: `path` begins with the sampled object. Frames are "type.method:line". */
function sampled(path: readonly OnPath[], frames: readonly string[], count = 1) {
  const fields = new Map<number, number[]>();
  const references = new Map<number, number[]>();
  const objects = new Map<number, number[]>();
  for (const [i, { type, description }] of path.entries()) {
    const by = path[i + 1]?.by;
    if (by !== undefined) fields.set(i + 1, [...utf8(by.replace('static ', '')), ...varint(by.startsWith('static ') ? 0x18 : 2)]);
    references.set(i + 1, [...varint(by === undefined ? 0 : i + 1), ...varint(i + 2)]);
    objects.set(i + 1, [...utf8(type), ...(description === undefined ? [0] : utf8(description)), ...varint(i + 1)]);
  }
  const chunk = madeChunk({
    classes: CLASSES,
    events: Array.from({ length: count }, () => [SAMPLE, [...madeStack(frames), ...varint(1)]] as const),
    checkpoints: [
      new Map([
        [FIELD, fields],
        [REFERENCE, references],
        [OBJECT, objects],
      ]),
    ],
  });
  const reader = new OldObjectReader();
  return readEvents(chunk, new Set([OLD_OBJECT_SAMPLE])).flatMap((event) => reader.read(event) ?? []);
}

const BODY: readonly OnPath[] = [
  { type: '[B' },
  { type: 'com/acme/Order', by: 'body' },
  { type: 'java/util/HashMap$Node', by: 'value' },
  { type: '[Ljava/util/HashMap$Node;' },
  { type: 'java/util/HashMap', by: 'table', description: 'Size: 100' },
];
const STACK = ['java/util/Arrays.copyOf:99', 'com/acme/Order.<init>:4', 'com/acme/OrderService.load:88'];

/** "owner.field", "static owner.field", or null for an element of an array. */
const linksOf = (object: OldObject | undefined) =>
  object?.path.map(({ link }) => (link === null ? null : `${link.isStatic ? 'static ' : ''}${link.owner}.${link.field}`));

test('an object has its path of references to what keeps it alive, and the line that allocated it', () => {
  const mirror = { type: 'java/lang/Class', by: 'static BY_ID', description: 'Class Name: com.acme.OrderCache' };
  const loader = { type: 'jdk/internal/loader/ClassLoaders$AppClassLoader', by: 'classes' };
  const [one] = sampled([...BODY, mirror, loader], STACK);
  assert.equal(one?.className, 'byte[]');
  assert.deepEqual(one.allocatedAt, { method: 'com.acme.OrderService.load', line: 88 });
  assert.deepEqual(linksOf(one), [
    'com.acme.Order.body',
    'java.util.HashMap$Node.value',
    null,
    'java.util.HashMap.table',
    'static com.acme.OrderCache.BY_ID',
    'jdk.internal.loader.ClassLoaders$AppClassLoader.classes',
  ]);
  assert.deepEqual(one.path.map(({ refersTo }) => refersTo).slice(0, 3), ['byte[]', 'com.acme.Order', 'java.util.HashMap$Node']);
});

test('a frame of a class without line numbers has none', () => {
  const [one] = sampled(BODY, ['com/acme/OrderService.load:18446744073709551615']);
  assert.deepEqual(one?.allocatedAt, { method: 'com.acme.OrderService.load', line: null });
});

test('the same object has the same id on the paths of two samples', () => {
  const [first, second] = sampled(BODY, STACK, 2);
  assert.deepEqual(first?.path, second?.path);
  assert.equal(new Set(first?.path.map(({ id }) => id)).size, BODY.length - 1);
});

test('a field of an object that is named after a static one has no name: the JVM has mistaken it', () => {
  const [one] = sampled([...BODY, { type: 'a/Manager', by: 'static name' }], STACK);
  assert.deepEqual(one?.path.at(-1)?.link, { owner: 'a.Manager', field: null, isStatic: false });
});

test('a path that leads back to itself has an end', () => {
  const [one] = sampled([{ type: 'a/A' }, { type: 'a/A', by: 'next' }], ['a/A.make:1']);
  assert.equal(linksOf(one)?.[0], 'a.A.next');
});

test('objects of the recorder itself do not count', () => {
  assert.deepEqual(sampled(BODY, ['jdk/jfr/internal/StringPool.add:7']), []);
});

test('a place of allocation is named for half of the sampled objects of a class, and nothing where they are fewer than five', () => {
  const many = sampled(BODY, STACK, 5);
  const known = retentionOf('byte[]', many, () => null);
  assert.deepEqual(known.state === 'known' && known.allocatedAt, {
    kind: 'frame',
    name: 'com.acme.OrderService.load:88',
    thread: null,
    samples: 5,
    stack: ['java.util.Arrays.copyOf:99', 'com.acme.Order.<init>:4', 'com.acme.OrderService.load:88'],
  });
  assert.deepEqual(
    retentionOf('byte[]', many.slice(1), () => null),
    {
      state: 'unknown',
      reason: '4 of 4 sampled objects are of this class; 5 are needed, so a longer search may tell',
    },
  );
});

const apart = (count: number, owner: string) =>
  Array.from({ length: count }, (_, n): OldObject => {
    const link = { owner, field: 'data', isStatic: false };
    const all = { owner: `${owner}Keeper`, field: 'all', isStatic: false };
    return {
      className: 'long[]',
      allocatedAt: { method: `${owner}.make`, line: 1 },
      stack: [`${owner}.make:1`],
      path: [
        { id: `${owner} ${n}`, className: owner, refersTo: 'long[]', link },
        { id: `${owner}[]`, className: `${owner}[]`, refersTo: owner, link: null },
        { id: `${owner}Keeper`, className: `${owner}Keeper`, refersTo: `${owner}[]`, link: all },
      ],
    };
  });

test('objects that took the place of others in a cache that is full say nothing of a smaller leak of the same class', () => {
  const more = new Map([
    ['long[]', 9000],
    ['a.Product', 12],
    ['a.Audit', 9000],
  ]);
  const moreOf = (name: string) => more.get(name) ?? null;
  const found = retentionOf('long[]', [...apart(50, 'a.Product'), ...apart(9, 'a.Audit')], moreOf);
  assert.deepEqual(found.state === 'known' && [found.samples, found.heldBy?.name], [9, 'a.AuditKeeper.all']);
  const dropped = apart(50, 'a.Product').map((object) => ({ ...object, path: [] }));
  const rest = retentionOf('long[]', [...dropped, ...apart(9, 'a.Audit')], moreOf);
  assert.equal(rest.state === 'known' && rest.allocatedAt?.name, 'a.Audit.make:1');
  const few = retentionOf('long[]', [...apart(50, 'a.Product'), ...apart(4, 'a.Audit')], moreOf);
  assert.match(few.state === 'unknown' ? few.reason : '', /^54 of 54 .* and 50 of them are in places that did not become more/);
});

test('objects without any path are held by what became more with them: finalizers, or soft references', () => {
  const waiting = apart(9, 'a.Resource').map((object) => ({ ...object, path: [] }));
  const heldBy = (reference: string, references: number) => {
    const more = new Map([
      ['long[]', 9000],
      [reference, references],
    ]);
    const found = retentionOf('long[]', waiting, (name) => more.get(name) ?? null);
    return found.state === 'known' ? (found.heldBy?.name ?? null) : found.reason;
  };
  for (const reference of ['java.lang.ref.Finalizer', 'java.lang.ref.SoftReference']) {
    assert.equal(heldBy(reference, 9000), reference);
    assert.equal(heldBy(reference, 12), null);
  }
});
