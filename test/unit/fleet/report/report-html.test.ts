import assert from 'node:assert/strict';
import { test } from 'node:test';
import { reportHtml } from '../../../../src/fleet/report/report-html.ts';
import type { RowSummary } from '../../../../src/fleet/types.ts';

/** Markup, an end of a script, an attribute's end, a text that turns round, a bell and an escape sequence. */
const EVIL = `<img src=x onerror=alert(1)></script></style>"'&\u202e\u0007\u001b[31m`;

test('names and texts of the cluster and of the server are text in the report, wherever they stand', () => {
  const summary: RowSummary = {
    namespace: EVIL,
    pod: EVIL,
    container: EVIL,
    cluster: EVIL,
    owner: { kind: EVIL, name: EVIL },
    formerPods: [],
    sidecar: { trend: 'growing', leak: true, confidence: 1, causes: [], files: [{ path: EVIL, residentBytes: 1 }] },
    trend: 'growing',
    leak: true,
    confidence: 1,
    cause: 'native',
    growth: { field: 'anon', bytesPerHour: 1, low: 1, high: 2 },
    eta: null,
    limitBytes: 10,
  };
  const row = { row: { summary, at: 0 }, alarm: true, replicas: null };
  const html = reportHtml({
    answer: {
      range: { from: 0, to: 3600, stepS: 60 },
      plan: { way: 'range-queries' },
      rows: [row, { ...row, row: { ...row.row, summary: { ...summary, owner: { kind: null, name: `${EVIL}2` } } } }],
      expectedFalse: 0,
      missing: [{ what: EVIL, why: EVIL }],
      warnings: [EVIL],
      tooYoung: 0,
      samples: 1,
    } as never,
    url: EVIL,
    selector: EVIL,
    style: '',
    readRow: () =>
      ({
        row: { verdict: { headline: EVIL } },
        chart: { field: 'anon', from: 0, to: 3600, values: [1, 2], restarts: [] },
      }) as never,
  });
  assert.ok(html.includes('&lt;img src=x onerror=alert(1)&gt;'));
  assert.doesNotMatch(html, /<img|<script|<\/script/);
  assert.doesNotMatch(html, /(?![\n\t])[\p{Cc}\p{Cf}]/u);
  // Each quote within an attribute belongs to memhound: no tag has an attribute with a name of the cluster's.
  assert.doesNotMatch(html, /<[^>]* onerror/);
  assert.equal(html.split('</style>').length, 2);
});
