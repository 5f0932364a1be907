import { causeText } from '../fleet/cause-text.ts';
import { endText } from '../fleet/end-text.ts';
import { growthText } from '../fleet/growth-text.ts';
import type { RankedRow } from '../fleet/rank.ts';
import { workloadName } from '../fleet/report/workloads.ts';
import type { FleetAnswer } from '../fleet/run-fleet.ts';
import type { RowSummary } from '../fleet/types.ts';
import { safeName } from '../format.ts';

const COLUMNS = ['WORKLOAD', 'POD', 'CONTAINER', 'TREND', 'LEAK', 'CAUSE', 'SLOPE (90 %)', 'ENDS', 'CONFIDENCE'] as const;

/** The ranked table, and what it leaves out. */
export function fleetTable(answer: FleetAnswer, all: boolean): string {
  const { rows } = answer;
  const shown = all ? rows : rows.filter(({ row: { summary } }) => summary.leak === true || isOpen(summary));
  const lines: string[] = [];
  if (shown.length > 0) lines.push(...aligned([COLUMNS, ...shown.map(cellsOf)]), '');
  lines.push(...summaryLines(answer, rows.length - shown.length));
  return lines.join('\n');
}

/** It grows, and whether that is a leak is not known. */
const isOpen = ({ leak, trend }: RowSummary): boolean => leak === null && trend === 'growing';

function cellsOf({ row: { summary }, alarm, replicas }: RankedRow): string[] {
  const { trend, leak, growth, eta, confidence } = summary;
  const spread = replicas === null || replicas.spread === 'single' ? '' : ` (${replicas.leaking} of ${replicas.of} replicas)`;
  return [
    safeName(workloadName(summary)) + spread,
    safeName(summary.pod),
    safeName(summary.container),
    trend,
    leak === true ? (alarm ? 'yes' : 'perhaps') : leak === false ? 'no' : 'not known',
    causeText(summary),
    growth === null ? '' : growthText(growth),
    eta === null ? '' : endText(eta),
    confidence.toFixed(2),
  ];
}

function aligned(rows: readonly (readonly string[])[]): string[] {
  const widths = rows[0]!.map((_, i) => Math.max(...rows.map((row) => row[i]!.length)));
  return rows.map((row) =>
    row
      .map((cell, i) => cell.padEnd(widths[i]!))
      .join('  ')
      .trimEnd(),
  );
}

const count = (n: number, what: string): string => `${n.toLocaleString('en-US')} ${what}${n === 1 ? '' : 's'}`;

function summaryLines(answer: FleetAnswer, hidden: number): string[] {
  const { rows, missing, tooYoung, warnings, expectedFalse } = answer;
  const leaks = rows.filter(({ row }) => row.summary.leak === true);
  const alarms = leaks.filter(({ alarm }) => alarm);
  const lines = [
    `${count(rows.length, 'container')}: ${alarms.length === 0 ? 'none leaks' : `${alarms.length} ${alarms.length === 1 ? 'leaks' : 'leak'}`}${
      alarms.length > 0 ? ` (expected to be false: ${expectedFalse.toFixed(1)} of them)` : ''
    }${leaks.length > alarms.length ? `, ${leaks.length - alarms.length} more perhaps` : ''}${
      hidden > 0 ? `; ${count(hidden, 'container')} not shown: they do not leak, or have too little history (--all)` : ''
    }.`,
  ];
  if (tooYoung > 0) lines.push(`${count(tooYoung, 'container')} with fewer than two samples.`);
  for (const warning of warnings) lines.push(`The server warns: ${warning}`);
  if (missing.length > 0) {
    lines.push(`Missing, so this answer is partial:`);
    for (const { what, why, containers } of missing)
      lines.push(`  ${safeName(what)}${containers > 1 ? ` (${containers} containers)` : ''}: ${safeName(why, 400)}`);
  }
  lines.push(...inject(alarms));
  return lines;
}

/** Workloads whose command is printed. */
const MOST_COMMANDS = 5;

/** What metrics of the cgroup cannot tell, and the command that adds the sidecar, which can. */
function inject(alarms: readonly RankedRow[]): string[] {
  const commands = new Set<string>();
  for (const { row } of alarms) {
    const { owner, namespace, container, sidecar } = row.summary;
    if (sidecar !== null || owner === null || owner.kind === null || owner.kind === 'Node') continue;
    // The command is copied into a shell, and labels may contain anything.
    if (![owner.kind, owner.name, namespace, container].every((name) => /^[A-Za-z0-9.-]*$/.test(name))) continue;
    const place = namespace === '' ? '' : ` -n ${namespace}`;
    const resource = `${owner.kind.toLowerCase()}/${owner.name}`;
    commands.add(`  kubectl get ${resource}${place} -o yaml | memhound inject --container ${container} | kubectl apply -f -`);
  }
  if (commands.size === 0) return [];
  return [
    'Prometheus has no metric of which files and which parts of a JVM grow. The sidecar tells:',
    ...[...commands].slice(0, MOST_COMMANDS),
  ];
}
