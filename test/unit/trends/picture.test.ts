import assert from 'node:assert/strict';
import { test } from 'node:test';
import { picture } from '../../../src/trends/picture.ts';

const t = Float64Array.from({ length: 1000 }, (_, i) => 60 * i);
const trend = {
  trend: 'growing' as const,
  slopeBytesPerHour: 60e6,
  low: 50e6,
  high: 70e6,
  p: 0.001,
  points: 1000,
  windowSeconds: 59_940,
  basis: {
    segments: [0, 30_000],
    line: { fromT: 0, toT: 59_940, level: 1e8, slopePerSecond: 60e6 / 3600 },
    fits: [],
    tests: {},
    because: 'a <lasting> drift',
  },
};

test('a picture shows series, segments, line and band, and escapes its words', () => {
  const svg = picture({ title: 'anon', unit: 'bytes', t, values: t.map((at) => 1e8 + (at * 60e6) / 3600), trend });
  assert.match(svg, /^<svg [^>]*role="img"/);
  assert.equal(svg.match(/<polygon/g)?.length, 2);
  assert.equal(svg.match(/<line/g)?.length, 2);
  assert.ok(!svg.includes('<lasting>'));
  assert.ok(!/NaN|Infinity/.test(svg));
  assert.ok(svg.length < 20_000);
});

test('a picture of nothing but gaps says so', () => {
  assert.match(picture({ title: 'anon', unit: 'bytes', t, values: t.map(() => Number.NaN), trend }), /no values/);
});
