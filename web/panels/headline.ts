import type { Verdict } from '../../src/diagnosis/types.ts';
import type { Refused } from '../data/api.ts';
import { adviceOf, danger, stateLine, unbroken, zoned } from '../data/wording.ts';
import { byId, coded, el, patch, setText } from '../dom.ts';

/** In this order: is something wrong, what is it, how long is left, what to do. */
export function drawVerdict(v: Verdict): void {
  const { tone, sign, word } = danger(v);
  byId('verdict').className = `verdict ${tone}`;
  byId('mend').hidden = true;
  setText(byId('headline'), unbroken(zoned(v.headline)));
  setText(byId('danger'), `${sign} ${word}`);
  setText(byId('state'), stateLine(v));
  const advice = adviceOf(v);
  byId('advice').hidden = advice.length === 0;
  patch(
    byId('advice'),
    advice.map((text) => ({ key: text, made: () => el('p', {}, ...coded(unbroken(text))) })),
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
          el('p', {}, el('b', { class: f.severity }, f.severity), ' ', zoned(f.title)),
          el('p', { class: 'quiet' }, ...coded(f.advice)),
        ),
    })),
  );
  setText(byId('why-count'), v.findings.length === 1 ? 'Why: 1 finding' : `Why: ${v.findings.length} findings`);
  byId('why').hidden = v.findings.length === 0;
  byId('copy').hidden = false;
}

/** What is the matter where no verdict can be given, in a word. */
const REFUSALS: Readonly<Record<string, readonly [string, string]>> = {
  blind: ['○ blind', 'nothing is told about a container that cannot be seen'],
  forbidden: ['○ not allowed', 'open the page with ?token= and the token that memhound was started with'],
  'unknown-target': ['○ gone', 'this container is not there any more'],
};

/** Blindness and the like are answers too: what is the matter, and the lines that mend it. */
export function drawRefusal(error: Refused): void {
  byId('verdict').className = 'verdict none';
  setText(byId('headline'), `${error.message}${/[.!?]$/.test(error.message) ? '' : '.'}`);
  const [word, means] = REFUSALS[error.code] ?? ['○ no answer yet', 'memhound is asked again with the next sample'];
  setText(byId('danger'), word);
  setText(byId('state'), means);
  byId('advice').hidden = error.mend === null;
  byId('advice').replaceChildren(el('p', {}, 'Add this to the pod:'));
  byId('why').hidden = true;
  byId('copy').hidden = false;
  const mend = byId('mend');
  mend.hidden = error.mend === null;
  setText(mend, error.mend ?? '');
  document.title = `${error.code.replace(/-/g, ' ')} · memhound`;
}
