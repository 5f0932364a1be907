import type { Verdict } from '../src/diagnosis/types.ts';
import type { Refused } from './api.ts';
import { byId, el, patch, setText } from './dom.ts';
import { danger, stateLine } from './words.ts';

/** In this order: is something wrong, what is it, how long is left, what to do. */
export function drawVerdict(v: Verdict): void {
  const { tone, sign, word } = danger(v);
  byId('verdict').className = `verdict ${tone}`;
  byId('mend').hidden = true;
  setText(byId('headline'), v.headline);
  setText(byId('danger'), `${sign} ${word}`);
  setText(byId('state'), stateLine(v));
  const [first] = v.findings;
  // Advice that calms belongs only where nothing leaks for sure.
  const urgent =
    first !== undefined && (first.severity !== 'info' || (v.trend === 'growing' && v.leak === false)) ? first : undefined;
  byId('advice').hidden = urgent === undefined;
  setText(byId('advice'), urgent?.advice ?? '');
  document.title = `${v.leak === true ? 'leak: ' : ''}${v.trend.replace(/-/g, ' ')} · memhound`;
  patch(
    byId('findings'),
    v.findings.map((f) => ({
      key: JSON.stringify(f),
      made: () =>
        el(
          'div',
          { class: 'finding' },
          el('p', {}, el('b', { class: f.severity }, f.severity), ' ', f.title),
          el('p', { class: 'quiet' }, f.advice),
        ),
    })),
  );
  setText(byId('why-count'), v.findings.length === 1 ? 'Why: 1 finding' : `Why: ${v.findings.length} findings`);
  byId('why').hidden = v.findings.length === 0;
  byId('copy').hidden = false;
}

/** Blindness and the like are answers too: what is the matter, and the lines that mend it. */
export function drawRefusal(error: Refused): void {
  byId('verdict').className = 'verdict none';
  setText(byId('headline'), `${error.message}${/[.!?]$/.test(error.message) ? '' : '.'}`);
  setText(byId('danger'), error.code === 'blind' ? '○ blind' : '○ no answer yet');
  setText(byId('state'), error.code === 'blind' ? 'nothing is told about a container that cannot be seen' : '');
  byId('advice').hidden = error.mend === null;
  setText(byId('advice'), error.mend === null ? '' : 'Add this to the pod:');
  byId('why').hidden = true;
  byId('copy').hidden = false;
  const mend = byId('mend');
  mend.hidden = error.mend === null;
  setText(mend, error.mend ?? '');
  document.title = `${error.code.replace(/-/g, ' ')} · memhound`;
}
