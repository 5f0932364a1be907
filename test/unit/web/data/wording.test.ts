import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { filePart, sentence, timePart } from '../../../../src/diagnosis/sentence.ts';
import { stateLine } from '../../../../src/diagnosis/state-line.ts';
import type { Finding, TargetInfo, Verdict } from '../../../../src/diagnosis/types.ts';
import type { Eta } from '../../../../src/trends/types.ts';
import { adviceTexts, asText, groupDigits, localText, severityOf } from '../../../../web/data/wording.ts';

const eta = (event: Eta['event']): Eta => ({ event, seconds: 36_000, low: 32_400, high: 39_600 });
const finding = (rule: string, severity: Finding['severity'] = 'warn'): Finding => ({
  rule,
  severity,
  title: `title of ${rule}`,
  titleParts: sentence`title of ${rule}`,
  outcome: null,
  evidence: {},
  advice: `Advice of ${rule}.`,
  limit: null,
});

function verdict(over: Partial<Verdict>, limitBytes: TargetInfo['limitBytes'] = 2 ** 30): Verdict {
  return {
    schema: 'memhound.verdict/2',
    at: '2020-12-22T00:00:00.000Z',
    target: {
      id: 'x',
      container: null,
      pid: 1,
      reach: 'shared-pid-namespace',
      cgroup: { version: 2, path: '/x' },
      limitBytes,
      jvm: null,
    },
    trend: 'growing',
    leak: true,
    confidence: 0.97,
    cause: 'native',
    causes: [],
    headline: 'Memory outside the Java heap grows.',
    headlineParts: sentence`Memory outside the Java heap grows.`,
    headlineRule: 'native-growth',
    eta: over.etas?.[0] ?? null,
    etas: [],
    ended: null,
    needs: null,
    causeBasis: [],
    findings: [finding('native-growth')],
    growth: { anon: null },
    fields: {},
    ...over,
  };
}

describe('the end of a leak', () => {
  const said = (etas: readonly Eta[], limitBytes: TargetInfo['limitBytes'], findings?: Finding[]) => {
    const v = verdict({ etas, ...(findings === undefined ? {} : { findings }) }, limitBytes);
    const { tone, sign, word } = severityOf(v);
    return `${tone} ${sign} ${word} | ${stateLine(v).split(' · ').slice(4).join(' · ')}`;
  };

  test('is the earlier of OutOfMemoryError and OOM kill, with its time', () => {
    assert.equal(said([eta('oom-kill')], 2 ** 30), 'bad ■ ends in an OOM kill | OOM kill in 9 to 11 hours');
    assert.match(said([eta('heap-exhausted'), eta('oom-kill')], 2 ** 30), /^bad ■ ends in OutOfMemoryError/);
    assert.match(said([eta('heap-exhausted')], 'max'), /^bad ■ ends in OutOfMemoryError/);
  });

  test('without a limit is eviction, not an OOM kill', () =>
    assert.equal(said([], 'max'), 'warn ▲ can end in eviction, when the node runs short | no limit is set'));

  test('is not named with a limit but no time to it', () =>
    assert.equal(said([], 2 ** 30), 'warn ▲ not reclaimable | the time to the limit is not known yet'));

  test('is "the limit is not known" if so', () =>
    assert.equal(said([], null), 'warn ▲ not reclaimable | the limit is not known'));

  test('is "close to an OOM kill" near the limit without a time to it', () =>
    assert.match(
      said([], 2 ** 30, [finding('native-growth'), { ...finding('near-limit', 'critical'), outcome: 'close to an OOM kill' }]),
      /^bad ■ close to an OOM kill/,
    ));
});

test('page cache without a limit is harmless, and has no time to a limit', () => {
  const v = verdict({ leak: false, cause: 'page-cache' }, 'max');
  assert.equal(severityOf(v).word, 'harmless to this container');
  assert.match(stateLine(v), / · no limit is set$/);
});

test('a critical finding without an outcome needs attention', () =>
  assert.equal(severityOf(verdict({ findings: [finding('any', 'critical')] })).word, 'needs attention now'));

test('a time is shown in the time zone of the viewer, and a file name does not change even if it contains a time', () => {
  const log = '/logs/gc-2026-11-24T10:00:00Z.log';
  const parts = sentence`It ended at ${timePart(Date.parse('2026-11-24T10:00:00Z'))}: page cache of ${filePart(log)}.`;
  assert.match(
    localText(parts),
    /^It ended at \d\d? Nov, \d\d:\d\d:00 GMT[+−][\d:]+: page cache of \/logs\/gc-2026-11-24T10:00:00Z\.log\.$/,
  );
});

describe('the advice under the headline', () => {
  test("is for the headline's cause, even if another finding is worse; that comes second", () => {
    const findings = [finding('native-growth'), finding('oom-killed', 'critical'), finding('above-request')];
    assert.deepEqual(adviceTexts(verdict({ findings })), [
      'Advice of native-growth.',
      'title of oom-killed. Advice of oom-killed.',
    ]);
  });

  test('names its subject if the headline names no cause', () =>
    assert.deepEqual(adviceTexts(verdict({ cause: 'none', leak: null, findings: [finding('unnamed-growth')] })), [
      'title of unnamed-growth. Advice of unnamed-growth.',
    ]));

  test('is absent if there is nothing to do', () =>
    assert.deepEqual(
      adviceTexts(verdict({ trend: 'stable', leak: false, cause: 'none', findings: [finding('restarted', 'info')] })),
      [],
    ));

  test('comes first in what is copied, too', () => {
    const lines = asText(verdict({ findings: [finding('native-growth'), finding('shmem-growth')] }), 'http://x').split('\n');
    assert.equal(lines[3], '  Advice of native-growth.');
  });
});

test('digits are grouped in threes, in the format of the language of the page', () => {
  for (const value of [0, 7, 999, 1000, 12_345.6789, -1_234_567, 2 ** 40])
    assert.equal(groupDigits(value), value.toLocaleString('en'));
});
