import assert from 'node:assert/strict';
import { test } from 'node:test';
import { adviceForKind } from '../../../src/diagnosis/file-kinds.ts';
import type { FileTrack } from '../../../src/history/series.ts';
import { fileTrack } from '../../support/file-track.ts';
import { jvmReading } from '../../support/jvm-reading.ts';
import { fileRow, ruleContext } from '../../support/rule-context.ts';

const FLAGS = ['-Xlog:gc*=debug:file=/data/gc.log:time:filecount=0'];
const seriesOf = (...files: readonly FileTrack[]) => ({ ...ruleContext({}).series, files });
const advice = (path: string, flags = FLAGS, series = seriesOf()): string =>
  adviceForKind(fileRow({ path }), { jvm: jvmReading({ flags }), series }) ?? '';

test('dumps, recordings and logs that the JVM writes by itself have the options that bound them as advice', () => {
  for (const path of ['/data/java_pid7.hprof', '/data/core.4711', '/data/core*', '/data/hs_err_pid*.log'])
    assert.match(advice(path), /dumps, one for each crash/, path);
  assert.match(advice('/tmp/2026_11/*.jfr'), /maxsize and maxage/);
  assert.match(advice('/data/gc.log'), /filecount=5,filesize=10M/);
  assert.match(advice('/data/gc.log*'), /filecount=5,filesize=10M/);
});

test('other files have no such advice', () => {
  for (const path of ['/data/core-api.log', '/data/app.log', '/data/*.bin', '/data/score', '/data/core/'])
    assert.equal(advice(path), '', path);
  assert.equal(advice('/data/gc.log', []), '', 'the program writes it');
  assert.equal(adviceForKind(fileRow({ path: '/data/gc.log' }), { jvm: null, series: seriesOf() }), null);
});

test('a folder that such files fill has their advice, and one of which they are a part has not', () => {
  const dumps = fileTrack('/data/dumps/heap-*.hprof', [50, 100]);
  const other = (bytes: number) => seriesOf(dumps, fileTrack('/data/dumps/app.log', [bytes, bytes]));
  assert.match(advice('/data/dumps/', FLAGS, other(10)), /dumps, one for each crash/);
  assert.equal(advice('/data/dumps/', FLAGS, other(60)), '');
});
