import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { test } from 'node:test';
import { parse } from 'yaml';
import { RULES as DIAGNOSES } from '../../../src/diagnosis/rules/registry.ts';
import { createMetrics } from '../../../src/outlets/metrics.ts';
import { missingRequirements, program } from '../../support/needs.ts';

const FILE = 'k8s/monitoring/rules.yaml';
const text = readFileSync(FILE, 'utf8');
interface Rule {
  readonly alert?: string;
  readonly expr: string;
  readonly annotations?: { readonly runbook_url?: string };
}
const rules = (parse(text) as { groups: { rules: Rule[] }[] }).groups.flatMap((group) => group.rules);
const alerts = rules.filter((rule) => rule.alert !== undefined);

test('each alert has a section in the runbooks, and each section an alert', () => {
  const sections = [...readFileSync('docs/runbooks.md', 'utf8').matchAll(/^## (\w+)$/gm)].map((m) => m[1]!);
  assert.deepEqual(
    alerts.map((rule) => rule.alert),
    sections,
  );
  for (const { alert, annotations } of alerts)
    assert.match(
      annotations?.runbook_url ?? '',
      new RegExp(`^\\{\\{ with query "memhound:runbooks:info" .*#${alert!.toLowerCase()}$`),
    );
});

test('the rules ask only for metrics and findings that exist', () => {
  const names = new Set(
    createMetrics({ latest: () => [], self: () => ({}) }, { files: 1, pod: 'a' }).rows.map((row) => row.name),
  );
  const asked = [...text.matchAll(/\bmemhound_\w+/g)].map(([name]) => name);
  assert.deepEqual(
    asked.filter((name) => !names.has(name)),
    [],
  );
  const ids = new Set(DIAGNOSES.map((rule) => rule.id));
  const findings = [...text.matchAll(/rule="([\w-]+)"/g)].map((m) => m[1]!);
  assert.ok(findings.length > 0);
  for (const id of findings) assert.ok((ids as Set<string>).has(id), id);
});

test('the panels of the dashboard lie beside and below each other on the 24 columns of Grafana', () => {
  interface Panel {
    readonly id: number;
    readonly title: string;
    readonly gridPos: { readonly x: number; readonly y: number; readonly w: number; readonly h: number };
  }
  const { panels } = JSON.parse(readFileSync('k8s/monitoring/dashboard.json', 'utf8')) as { readonly panels: readonly Panel[] };
  assert.equal(new Set(panels.map(({ id }) => id)).size, panels.length, 'an id is used twice');
  const owners = new Map<string, string>();
  for (const { title, gridPos } of panels)
    for (let x = gridPos.x; x < gridPos.x + gridPos.w; x++)
      for (let y = gridPos.y; y < gridPos.y + gridPos.h; y++) {
        assert.ok(x >= 0 && x < 24, `${title} is outside`);
        assert.equal(owners.get(`${x} ${y}`), undefined, `${title} overlaps`);
        owners.set(`${x} ${y}`, title);
      }
});

test('each alert fires on its condition with its text, and a healthy pod raises none', {
  skip: missingRequirements('promtool'),
}, (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'memhound-rules-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const file = join(folder, 'test.yaml');
  writeFileSync(file, readFileSync('test/fixtures/rules.test.yaml', 'utf8').replace('[RULES]', JSON.stringify([resolve(FILE)])));
  const { status, stdout, stderr } = spawnSync(program('promtool'), ['test', 'rules', file], { encoding: 'utf8' });
  assert.equal(status, 0, stdout + stderr);
});
