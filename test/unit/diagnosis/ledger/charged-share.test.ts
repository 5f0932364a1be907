import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  type ChargedFile,
  chargedShares,
  fileKind,
  isLibrary,
  writtenStems,
} from '../../../../src/diagnosis/ledger/charged-share.ts';

const file = (path: string, given: Partial<ChargedFile> = {}): ChargedFile => ({
  path,
  openBy: [],
  deleted: false,
  residentBytes: 100,
  isOwn: false,
  ...given,
});
const open = (mode: 'r' | 'w') => ({ openBy: [{ pid: 1, fd: 3, mode }] });
const written = (path: string) => file(path, open('w'));

test('libraries and archives of classes are known by their names', () => {
  for (const path of ['/l/libc.so', '/l/libc.so.6', '/l/libz.so.1.2.13', '/a.jar', '/a.jmod', '/a.jsa', '/a.war', '/a.node'])
    assert.equal(isLibrary({ path }), true, path);
  assert.equal(isLibrary({ path: '/usr/lib/jvm/lib/modules' }), true);
  for (const path of ['/a.jar.log', '/a.sock', '/x.so.txt', '/lib/modules/x', '/mylib/modules.txt', '/ajar'])
    assert.equal(isLibrary({ path }), false, path);
});

test('a renamed log is known by a file of its stem that is still written, as the usual tools name it', () => {
  const kindOf = (path: string, log = '/log/app.log', given: Partial<ChargedFile> = {}) =>
    fileKind(file(path, given), writtenStems([written(log)]));
  for (const old of [
    'app.log.1',
    'app.log.1.gz',
    'app-2026-11-23.log',
    'app.2026-11-23.0.log.zst',
    'app.log.2026-11-23_10:20.bz2',
  ])
    assert.equal(kindOf(`/log/${old}`), 'rotated', old);
  for (const old of ['app.log.old', 'app.log.bak', 'app_1.log.xz', 'app.log.1.lz4', 'app-20261123.log.zip'])
    assert.equal(kindOf(`/log/${old}`), 'rotated', old);
  assert.equal(kindOf('/log/gc.txt.0', '/log/gc.txt'), 'rotated');
  assert.equal(kindOf('/log/app.out.1', '/log/app.out'), 'rotated');
  for (const other of ['/log/application.log.1', '/other/app.log.1', '/log/app.data', '/log/app.log/'])
    assert.equal(kindOf(other), 'plain', other);
  assert.equal(kindOf('/log/app.log', '/log/app-1.log'), 'plain', 'the longer name is the older one');
  assert.equal(kindOf('/log/app.log.1', '/log/app.log', open('w')), 'plain', 'it is written itself');
  assert.equal(fileKind(file('/log/app.log.1'), writtenStems([file('/log/app.log', open('r'))])), 'plain');
  assert.equal(kindOf('/log/.log.1', '/log/.log'), 'plain', 'nothing of the name is left');
});

test('of several files of one stem that are written, the shortest name counts', () => {
  const stems = writtenStems([written('/log/app-12.log'), written('/log/app.log'), written('/log/app-7.log')]);
  assert.deepEqual([...stems], [['/log/app', 12]]);
});

test('a library that was deleted is a library; another file is deleted', () => {
  assert.equal(fileKind(file('/l/x.so', { deleted: true }), new Map()), 'library');
  assert.equal(fileKind(file('/l/x', { deleted: true }), new Map()), 'deleted');
});

test('all pages are charged to this container while its own sum has room for them', () => {
  const files = [file('/data/x'), file('/l/x.so')];
  const shareOf = chargedShares(files, 200);
  assert.deepEqual(files.map(shareOf), [1, 1]);
});

test('where there are more, those come first that it writes or deleted, then its own and rotated ones, then others, libraries last', () => {
  const groups = [
    [written('/log/app.log'), file('/log/gone', { deleted: true })],
    [file('/log/app.log.1'), file('/tmp/dump', { isOwn: true })],
    [file('/data/x'), file('/data/unknown', { residentBytes: null })],
    [file('/l/x.so')],
  ];
  const files = groups.flat();
  const shares = (whole: number) => {
    const shareOf = chargedShares(files, whole);
    return groups.map(([first]) => shareOf(first!));
  };
  assert.deepEqual(shares(550), [1, 1, 1, 0.5]);
  assert.deepEqual(shares(450), [1, 1, 0.5, 0]);
  assert.deepEqual(shares(300), [1, 0.5, 0, 0]);
  assert.deepEqual(shares(50), [0.25, 0, 0, 0]);
  for (const group of groups)
    assert.equal(new Set(group.map(chargedShares(files, 300))).size, 1, group.map(({ path }) => path).join(' '));
});
