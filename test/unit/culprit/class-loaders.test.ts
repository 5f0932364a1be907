import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import fc from 'fast-check';
import { nameGroup } from '../../../src/culprit/name-group.ts';
import { QUESTIONS } from '../../../src/culprit/questions.ts';
import { parseClassloaderStats } from '../../../src/sources/jvm/classloader-stats.ts';

const answer = (folder: string, jdk: number, look: 1 | 2) =>
  readFileSync(new URL(`../../fixtures/${folder}/jdk-${jdk}-look-${look}.txt`, import.meta.url), 'utf8');

for (const jdk of [8, 11, 17, 21, 25]) {
  test(`the loaders that became more are named on JDK ${jdk}, beside a loader that is full`, () => {
    const looks = ([1, 2] as const).map((look) => QUESTIONS.metaspace.groups(answer('classloader-stats', jdk, look)));
    const found = nameGroup('metaspace', looks);
    assert.equal(found.state, 'named');
    if (found.state !== 'named') return;
    const { name, share, more } = found.culprit;
    assert.equal(name, 'Loaders$Redeployed');
    assert.ok(share >= 0.85, `share ${share}`);
    assert.ok(more.loaders! >= 180 && more.classes! >= 2 * more.loaders!, JSON.stringify(more));
    assert.ok(found.grown.every((g) => g.name !== 'Loaders$Full'));
  });

  test(`a loader of JDK ${jdk} uses a few KiB for a few classes, whatever unit its JDK counts in`, () => {
    const full = parseClassloaderStats(answer('classloader-stats', jdk, 1)).find(({ name }) => name === 'Loaders$Full');
    assert.deepEqual([full?.loaders, full?.classes, full?.hidden], [1, 5, false]);
    assert.ok(full!.bytes > 9000 && full!.bytes < 11000, `${full!.bytes}`);
  });
}

test('hidden classes are a group of their own', () => {
  const boot = parseClassloaderStats(answer('classloader-stats', 8, 2)).filter(({ name }) => name === '<boot class loader>');
  assert.deepEqual(
    boot.map(({ hidden, classes }) => ({ hidden, classes })),
    [
      { hidden: false, classes: 609 },
      { hidden: true, classes: 72 },
    ],
  );
});

test('a loader has the class of its parent', () => {
  const app = parseClassloaderStats(answer('classloader-stats', 21, 1)).find(({ name }) => name.endsWith('$AppClassLoader'));
  assert.equal(app?.parent, 'jdk.internal.loader.ClassLoaders$PlatformClassLoader');
});

test('any text gives loaders with possible numbers', () => {
  const line = fc.oneof(
    fc.string(),
    fc.constantFrom('0x1  0x0  0x2  1  1024  100  a.L', `${' '.repeat(60)}1  1000 9 + hidden classes`, '0x1 0x2 0x3 9'.repeat(9)),
  );
  fc.assert(
    fc.property(fc.array(line), (lines) => {
      for (const { bytes, loaders, classes } of parseClassloaderStats(lines.join('\n')))
        assert.ok(bytes >= 0 && loaders > 0 && classes >= 0);
    }),
  );
});

for (const [jdk, category] of [
  [8, 'Class'],
  [21, 'Metaspace'],
] as const) {
  test(`of native memory on JDK ${jdk} the category grew that holds what loaders define, and the heap is left to its own cause`, () => {
    const looks = ([1, 2] as const).map((look) => QUESTIONS.native.groups(answer('native-memory', jdk, look)));
    const found = nameGroup('native', looks);
    assert.ok(found.grown.some(({ name, after, before }) => name === category && after > before));
    assert.ok(looks.flat().every(({ name }) => name !== 'Java Heap'));
  });
}

test('blocks of malloc are counted by category', () => {
  const category = QUESTIONS.native.groups(answer('native-memory', 21, 2)).find(({ name }) => name === 'Metaspace');
  assert.deepEqual(category?.counts, { blocks: 18 });
});
