import assert from 'node:assert/strict';
import { test } from 'node:test';
import { commonHolder as commonHolderAt, type Step } from '../../../src/culprit/common-holder.ts';

/** Without the object that has it. */
function commonHolder(paths: readonly (readonly Step[])[]) {
  const found = commonHolderAt(paths);
  if (found === null) return null;
  const { at: _, ...holder } = found;
  return holder;
}

/** An object that refers to the one before it: "CLASS#ID", "CLASS#ID.field" or "static OWNER.field" of its mirror. Nearest first. */
function path(...steps: readonly string[]): Step[] {
  let refersTo: string | null = 'byte[]';
  return steps.map((text) => {
    const isStatic = text.startsWith('static ');
    const [, className = '', id = '', field] = isStatic
      ? /^static (.*)()\.(\w+)$/.exec(text)!
      : /^([^#]+)#(\w+)(?:\.(\w+))?$/.exec(text)!;
    const step: Step = {
      id: `${isStatic ? 'mirror of ' : ''}${className} ${id}`,
      className: isStatic ? 'java.lang.Class' : className,
      refersTo,
      link: field === undefined ? null : { owner: className, field, isStatic },
    };
    refersTo = step.className;
    return step;
  });
}
const orders = (...beyond: readonly string[]) =>
  [1, 2, 3, 4].map((n) =>
    path(
      `a.Order#${n}.body`,
      `java.util.HashMap$Node#${n}.value`,
      'java.util.HashMap$Node[]#t',
      'java.util.HashMap#m.table',
      ...beyond,
    ),
  );

test('the static field of the map in which the objects gather is named', () => {
  assert.deepEqual(commonHolder(orders('static a.OrderCache.BY_ID')), {
    kind: 'static-field',
    name: 'a.OrderCache.BY_ID',
    thread: null,
    objects: 4,
  });
});

test('of fields that lie one outside the other, the nearest to the objects is named', () => {
  const found = commonHolder(
    orders('a.Manager#1.sessions', 'a.Context#1.manager', 'a.Server#1.services', 'static a.Main.daemon'),
  );
  assert.deepEqual(found, { kind: 'field', name: 'a.Manager.sessions', thread: null, objects: 4 });
});

test("the program's field that has a library's cache is named, or else that of the cache", () => {
  const cache = 'com.github.benmanes.caffeine.cache.UnboundedLocalCache#c.data';
  assert.equal(commonHolder(orders(cache, 'static a.Quotes.CACHE'))?.name, 'a.Quotes.CACHE');
  assert.equal(commonHolder(orders(cache))?.name, 'com.github.benmanes.caffeine.cache.UnboundedLocalCache.data');
});

test('a field of each object itself is not where they gather', () => {
  assert.equal(commonHolder(orders('static a.OrderCache.BY_ID'))?.name, 'a.OrderCache.BY_ID');
  const apart = [1, 2, 3, 4].map((n) => path(`a.Order#${n}.body`, `a.Task#${n}.order`));
  assert.equal(commonHolder(apart), null);
});

test('nodes of a list of the program are passed over to the field that has the list', () => {
  const list = [1, 2, 3, 4].map((n) =>
    path(...Array.from({ length: n }, (_, i) => `a.Node#${n - i}.${i === 0 ? 'body' : 'next'}`), 'static a.Queue.head'),
  );
  assert.equal(commonHolder(list)?.name, 'a.Queue.head');
});

test('where the name of the field is not known, the class of its object is named', () => {
  const found = orders('a.Manager#1.sessions').map((path) =>
    path.map((step) => (step.link?.owner === 'a.Manager' ? { ...step, link: { ...step.link, field: null } } : step)),
  );
  assert.deepEqual(commonHolder(found), { kind: 'object', name: 'a.Manager', thread: null, objects: 4 });
});

test('a collection without an owner is named with the class of its elements', () => {
  assert.deepEqual(commonHolder(orders()), {
    kind: 'collection',
    name: 'java.util.HashMap of a.Order',
    thread: null,
    objects: 4,
  });
  const plain = [1, 2].map(() => path('java.lang.Object[]#t', 'java.util.ArrayList#l.elementData'));
  assert.equal(commonHolder(plain)?.name, 'java.util.ArrayList of byte[]');
});

test('what fewer than half of the objects have in common is not named', () => {
  const others = [5, 6, 7, 8, 9].map((n) => path(`a.Other#${n}.body`));
  assert.equal(commonHolder([...orders('static a.OrderCache.BY_ID'), ...others]), null);
});

test('objects of which no path is known have no holder', () => {
  assert.equal(commonHolder([[], []]), null);
});

test('what each thread keeps in its thread locals has these as its holder', () => {
  const found = [1, 2, 3].map((n) =>
    path(
      `java.lang.ThreadLocal$ThreadLocalMap$Entry#e${n}.value`,
      `java.lang.ThreadLocal$ThreadLocalMap$Entry[]#t${n}`,
      `java.lang.ThreadLocal$ThreadLocalMap#m${n}.table`,
    ),
  );
  assert.deepEqual(commonHolder(found), {
    kind: 'object',
    name: 'java.lang.ThreadLocal$ThreadLocalMap',
    thread: null,
    objects: 3,
  });
});

/** What a worker has in its thread local, whose pool a static field has. */
const ofWorker = (n: number, thread: string, ...own: readonly string[]) => [
  ...path(
    `java.lang.Object[]#a${n}`,
    `java.util.ArrayList#l${n}.elementData`,
    ...own,
    `java.lang.ThreadLocal$ThreadLocalMap$Entry#e${n}.value`,
    `java.lang.ThreadLocal$ThreadLocalMap#m${n}.table`,
  ),
  { ...path(`java.lang.Thread#t${n}.threadLocals`)[0]!, thread },
  ...path('java.util.HashMap#w.table', 'a.Server#s.workers'),
];

test('what threads of a pool keep in their thread locals is theirs, not the pool’s', () => {
  const found = [1, 2, 3, 4].map((n) => ofWorker(n, `http-${n}`));
  assert.deepEqual(commonHolder(found), {
    kind: 'object',
    name: 'java.lang.ThreadLocal$ThreadLocalMap',
    thread: 'http-N',
    objects: 4,
  });
});

test('what one thread keeps in a thread local is its, and a field of the program within it says more', () => {
  const one = [1, 2, 3].map(() => ofWorker(1, 'worker'));
  assert.deepEqual(commonHolder(one), {
    kind: 'object',
    name: 'java.lang.ThreadLocal$ThreadLocalMap',
    thread: 'worker',
    objects: 3,
  });
  const own = [1, 2, 3].map(() => ofWorker(1, 'worker', 'a.Context#c.rows'));
  assert.deepEqual(commonHolder(own), { kind: 'field', name: 'a.Context.rows', thread: 'worker', objects: 3 });
});

test('what the stacks of virtual threads have is theirs, not the list’s of all of them', () => {
  const found = [1, 2, 3].map((n) =>
    path(
      `jdk.internal.vm.StackChunk#s${n}`,
      `java.lang.VirtualThread#v${n}.cont`,
      `java.util.concurrent.ConcurrentHashMap$Node#n${n}.key`,
      'java.util.concurrent.ConcurrentHashMap#all.table',
    ),
  );
  assert.deepEqual(commonHolder(found), { kind: 'object', name: 'java.lang.VirtualThread', thread: null, objects: 3 });
});

test('the queue of an executor is named with the tasks, without the number of a lambda, and the thread that has it', () => {
  const found = [1, 2, 3].map((n) => [
    ...path(
      `a.Mailer$$Lambda$5+0x00007f30bd001860.141#t${n}.arg`,
      'java.util.concurrent.RunnableScheduledFuture[]#a',
      'java.util.concurrent.ScheduledThreadPoolExecutor$DelayedWorkQueue#q.queue',
    ),
  ]);
  const ofThread = found.map((steps) => [...steps.slice(0, -1), { ...steps.at(-1)!, thread: 'mailer-3' }]);
  assert.deepEqual(commonHolder(ofThread), {
    kind: 'collection',
    name: 'java.util.concurrent.ScheduledThreadPoolExecutor$DelayedWorkQueue of a.Mailer$$Lambda',
    thread: 'mailer-N',
    objects: 3,
  });
});

test('a field to which a variable of a thread leads is no thread’s', () => {
  const found = orders('a.EventBus#b.listeners').map((steps) => [...steps.slice(0, -1), { ...steps.at(-1)!, thread: 'main' }]);
  assert.deepEqual(commonHolder(found), { kind: 'field', name: 'a.EventBus.listeners', thread: null, objects: 4 });
});

test('beyond a static field no thread is told, though one has the loader of its class', () => {
  const found = orders('static a.OrderCache.BY_ID').map((steps) => [
    ...steps,
    { ...path('java.lang.Thread#t.contextClassLoader')[0]!, thread: 'main' },
  ]);
  assert.equal(commonHolder(found)?.thread, null);
});

test('a variable that a lambda has captured is passed over, and a lambda without an owner is named by its class', () => {
  const lambda = 'a.Main$$Lambda$3.455896770#l.arg';
  assert.equal(commonHolder(orders(lambda, 'a.Server#s.handler'))?.name, 'a.Server.handler');
  assert.deepEqual(commonHolder(orders(lambda)), { kind: 'object', name: 'a.Main$$Lambda', thread: null, objects: 4 });
});
