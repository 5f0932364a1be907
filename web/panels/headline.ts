import type { Sentence } from '../../src/diagnosis/sentence.ts';
import { stateLine } from '../../src/diagnosis/state-line.ts';
import type { Verdict } from '../../src/diagnosis/types.ts';
import type { ApiErrorAnswer } from '../data/api.ts';
import { adviceTexts, noBreakUnits, partText, severityOf } from '../data/wording.ts';
import { byId, el, patch, setText, withCode } from '../dom.ts';

/** The headline answers in this order: is something wrong, what is it, how long is left, what to do. */
export function drawVerdict(v: Verdict): void {
  const { tone, sign, word } = severityOf(v);
  byId('verdict').className = `verdict ${tone}`;
  byId('remediation').hidden = true;
  patch(byId('headline'), [
    { key: JSON.stringify(v.headlineParts), made: () => el('span', {}, ...sentenceNodes(v.headlineParts)) },
  ]);
  setText(byId('danger'), `${sign} ${word}`);
  setText(byId('state'), stateLine(v));
  const advice = adviceTexts(v);
  byId('advice').hidden = advice.length === 0;
  patch(
    byId('advice'),
    advice.map((text) => ({ key: text, made: () => el('p', {}, ...withCode(noBreakUnits(text))) })),
  );
  document.title = `${v.leak === true ? 'leak: ' : ''}${v.trend.replace(/-/g, ' ')} · memhound`;
  patch(
    byId('findings'),
    v.findings.map((f) => ({
      key: JSON.stringify(f),
      made: () =>
        el(
          'div',
          { class: 'finding' },
          el('p', {}, el('b', { class: f.severity }, f.severity), ' ', ...sentenceNodes(f.titleParts)),
          el('p', { class: 'quiet' }, ...withCode(f.advice)),
        ),
    })),
  );
  setText(byId('why-count'), v.findings.length === 1 ? 'Why: 1 finding' : `Why: ${v.findings.length} findings`);
  byId('why').hidden = v.findings.length === 0;
  byId('copy').hidden = false;
}

/** A file's name is set as code, a time in the viewer's zone. */
const sentenceNodes = (parts: Sentence): (Node | string)[] =>
  parts.map((part) => (part.kind === 'file' ? el('code', {}, partText(part)) : noBreakUnits(partText(part))));

/** A word for each reason why there is no verdict. */
const ERROR_TITLES: Readonly<Record<string, readonly [string, string]>> = {
  'no-target': ['○ no target', 'memhound sees no container to report on'],
  forbidden: ['○ not allowed', 'open the page with ?token= and the token that memhound was started with'],
  'unknown-target': ['○ gone', 'this container is not there any more'],
};

/** Shows an error of the API, such as no target: the reason, and the lines that fix it. */
export function drawError(error: ApiErrorAnswer): void {
  byId('verdict').className = 'verdict none';
  setText(byId('headline'), `${error.message}${/[.!?]$/.test(error.message) ? '' : '.'}`);
  const [word, means] = ERROR_TITLES[error.code] ?? ['○ no answer yet', 'memhound is asked again with the next sample'];
  setText(byId('danger'), word);
  setText(byId('state'), means);
  byId('advice').hidden = error.remediation === null;
  byId('advice').replaceChildren(el('p', {}, 'Add this to the pod:'));
  byId('why').hidden = true;
  byId('copy').hidden = false;
  const remediation = byId('remediation');
  remediation.hidden = error.remediation === null;
  setText(remediation, error.remediation ?? '');
  document.title = `${error.code.replace(/-/g, ' ')} · memhound`;
}
