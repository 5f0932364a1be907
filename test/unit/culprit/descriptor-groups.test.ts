import assert from 'node:assert/strict';
import { test } from 'node:test';
import { groupsOfFile, parseDescriptors } from '../../../src/culprit/descriptor-groups.ts';
import { nameGroupOrWider } from '../../../src/culprit/name-group.ts';
import { QUESTIONS } from '../../../src/culprit/questions.ts';
import { CLOSED_BY_PEER } from '../../../src/sources/process/open-descriptors.ts';

const named = (...lists: readonly (readonly string[])[]) =>
  nameGroupOrWider(
    'descriptors',
    lists.map((list) => {
      const text = list.join('\n');
      return { groups: QUESTIONS.descriptors.groups(text), wider: QUESTIONS.descriptors.wider!(text) };
    }),
  );
const many = (n: number, of: (i: number) => string) => Array.from({ length: n }, (_, i) => of(i));
const STABLE = many(40, (i) => `/opt/lib-${i}.jar`);

test('files whose names differ in numbers are one group, connections to one port another', () => {
  const closed = `TCP to 10.0.0.7:5432${CLOSED_BY_PEER}`;
  assert.deepEqual(
    parseDescriptors(['/tmp/a-1.csv', '/tmp/a-22.csv', 'TCP to 10.0.0.7:5432', closed, 'pipe:[77]', ''].join('\n')),
    [
      { name: '/tmp/a-N.csv', open: 2, closed: 0 },
      { name: 'TCP to 10.0.0.7:5432', open: 2, closed: 1 },
      { name: 'pipe:[N]', open: 1, closed: 0 },
    ],
  );
});

test('what is opened and not closed is named beside what is open all the time', () => {
  const found = named(STABLE, [...STABLE, ...many(9, (i) => `/data/${i}.csv`)]);
  assert.ok(found.state === 'named', JSON.stringify(found));
  assert.deepEqual([found.culprit.name, found.culprit.before, found.culprit.after], ['/data/N.csv', 0, 9]);
});

test('of connections it is told how many the other side has closed', () => {
  const found = named(STABLE, [...STABLE, ...many(9, (i) => `TCP to 10.0.0.7:5432${i < 7 ? CLOSED_BY_PEER : ''}`)]);
  assert.deepEqual(found.state === 'named' && found.culprit.more, { closed: 7 });
});

test('files of a folder whose names have nothing in common are named by it', () => {
  const found = named(STABLE, [...STABLE, ...many(9, (i) => `/data/${'abcdefghi'[i]}.csv`)]);
  assert.equal(found.state === 'named' && found.culprit.name, 'files of /data');
});

test('three kinds that grow alike have no name', () => {
  const found = named(STABLE, [...STABLE, ...many(9, (i) => ['/a/x', '/b/y', 'anon_inode:[eventpoll]'][i % 3]!)]);
  assert.equal(found.state === 'unknown' && found.because, 'no-group-has-half');
});

test('reads of a file count for it, also once it is deleted, and for its folder', () => {
  const groups = groupsOfFile('/data/7.csv');
  for (const name of ['/data/N.csv', '/data/N.csv (deleted)', 'files of /data']) assert.ok(groups.includes(name), name);
});
