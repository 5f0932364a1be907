import assert from 'node:assert/strict';
import { test } from 'node:test';
import { anyOf, parseSelector, selectorText } from '../../../../src/fleet/read/matchers.ts';

test('a selector is read with all operators, quotes and escapes, and written again', () => {
  assert.deepEqual(parseSelector(` { namespace="prod", pod=~'shop-\\\\d+' ,container!="",image!~\`a"b\`, } `), [
    { name: 'namespace', operator: '=', value: 'prod' },
    { name: 'pod', operator: '=~', value: 'shop-\\d+' },
    { name: 'container', operator: '!=', value: '' },
    { name: 'image', operator: '!~', value: 'a"b' },
  ]);
  assert.deepEqual(parseSelector('{}'), []);
  assert.equal(selectorText(parseSelector('{a="x\\"y",b=~"c"}')), '{a="x\\"y",b=~"c"}');
});

test('what is no selector is refused with the place', () => {
  assert.throws(() => parseSelector('namespace="prod"'), /in braces/);
  assert.throws(() => parseSelector('{namespace=prod}'), /found "namespace=prod"/);
  assert.throws(() => parseSelector('{a="b" c="d"}'), /LABEL="VALUE"/);
  assert.throws(() => parseSelector('{__name__="up"}'), /selects the metrics itself/);
});

test('several values become one expression in which each stands for itself', () => {
  assert.deepEqual(anyOf('pod', ['a']), { name: 'pod', operator: '=', value: 'a' });
  assert.deepEqual(anyOf('pod', ['a.b', 'c']), { name: 'pod', operator: '=~', value: 'a\\.b|c' });
});

test('escapes mean what they mean in PromQL, so that a selector that is written is read as the same', () => {
  assert.equal(parseSelector(String.raw`{a="\u0000\x41\102\n\q\"\\"}`)[0]?.value, '\u0000AB\nq"\\');
  const [matcher] = [{ name: 'a', operator: '=', value: '\u0000\b\f\ud800"' } as const];
  assert.deepEqual(parseSelector(selectorText([matcher])), [matcher]);
});
