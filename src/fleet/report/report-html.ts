import { joinWithAnd, safeName } from '../../format.ts';
import { causeText } from '../cause-text.ts';
import { endText } from '../end-text.ts';
import { growthText } from '../growth-text.ts';
import type { RankedRow } from '../rank.ts';
import type { StoredRow } from '../result-file.ts';
import type { FleetAnswer } from '../run-fleet.ts';
import { chartSvg } from './chart-svg.ts';
import { type Workload, workloadsOf } from './workloads.ts';

export interface ReportInput {
  readonly answer: FleetAnswer;
  /** The server, as the user named it. */
  readonly url: string;
  readonly selector: string;
  /** The style sheet of memhound's page. */
  readonly style: string;
  /** What a row has on disk. */
  readonly readRow: (row: RankedRow) => StoredRow;
}

/** Replicas of a workload that are drawn. */
const MOST_CHARTS = 3;
/** Workloads of a list that are shown with charts. */
const MOST_WORKLOADS = 200;

const STYLE = `
.growth { width: 100%; max-width: 400px; display: block; margin: 6px 0 }
.growth path { fill: var(--native) }
.growth .limit { stroke: var(--limit); stroke-dasharray: 5 4; stroke-width: 1.5 }
.growth .restart { stroke: var(--quiet); stroke-dasharray: 1 3 }
.growth text { font-size: 11px; fill: var(--quiet) }
.growth .end { text-anchor: end; fill: var(--ink) }
.charts { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(320px, 100%), 1fr)); gap: 0 32px }
.workload { margin: 0 0 28px }
.workload h2 { font-size: var(--text); margin: 0 }
table { border-collapse: collapse; font-size: var(--small); width: 100% }
.overview { margin: 0 0 32px }
.overview a { color: inherit; text-decoration-color: var(--quiet) }
@media (max-width: 700px) { .overview :is(th, td):is(:nth-child(2), :nth-child(5)) { display: none } }
th { text-align: left; font-weight: 600; color: var(--quiet) }
th, td { padding: 3px 14px 3px 0; border-bottom: 1px solid var(--line); overflow-wrap: anywhere; vertical-align: top }
`;

/** A page that opens without a server and loads nothing: who leaks, by what, who ends first, each with its chart. */
export function reportHtml({ answer, url, selector, style, readRow }: ReportInput): string {
  const alarms = workloadsOf(answer.rows.filter(({ alarm }) => alarm));
  const perhaps = workloadsOf(answer.rows.filter(({ alarm, row }) => !alarm && row.summary.leak === true));
  const open = workloadsOf(answer.rows.filter(({ row: { summary } }) => summary.leak === null && summary.trend === 'growing'));
  const tone = alarms.length > 0 ? 'bad' : perhaps.length + answer.missing.length > 0 ? 'warn' : 'good';
  const at = (seconds: number): string => `${new Date(seconds * 1000).toISOString().slice(0, 16).replace('T', ' ')} UTC`;
  const body = [
    `<header class="top"><strong class="name">memhound</strong><span class="quiet">${text(url)}${selector === '{}' ? '' : ` ${text(selector)}`}, ${at(answer.range.from)} to ${at(answer.range.to)}</span></header>`,
    `<main><section class="verdict ${tone}" aria-label="Verdict"><h1>${text(headline(answer, alarms))}</h1><p class="state">${text(stateOf(answer))}</p></section>`,
    overview(alarms),
    list('Leaks, the first to end first', alarms, readRow, 'leak'),
    list('Perhaps leaks', perhaps, readRow),
    list('Growing, and not known whether it is a leak', open, readRow),
    missing(answer),
    '</main>',
    '<footer>A chart begins at zero and shows the field that grows; a dotted line is a restart, a dashed one the limit, and a gap is a time without samples. Which files and which parts of a JVM grow, no metric of the cgroup tells: <code>memhound inject</code> adds the sidecar that does.</footer>',
  ];
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; img-src data:">
<title>memhound: the fleet</title>
<link rel="icon" href="data:,">
<style>${style.replaceAll('</', '<\\/')}${STYLE}</style>
</head>
<body>
${body.join('\n')}
</body>
</html>
`;
}

function headline({ rows }: FleetAnswer, alarms: readonly Workload[]): string {
  const [first] = alarms;
  if (first === undefined) return `None of ${rows.length.toLocaleString('en-US')} containers leaks for certain.`;
  const pods = alarms.reduce((sum, { rows: replicas }) => sum + replicas.length, 0);
  const end = first.rows[0]!.row.summary.eta;
  const when = end === null ? '' : ` ${first.name} ends first: ${endText(end)}.`;
  return `${count(pods, 'container')} of ${count(alarms.length, 'workload')} ${pods === 1 ? 'leaks' : 'leak'}.${when}`;
}

const count = (n: number, what: string): string => `${n.toLocaleString('en-US')} ${what}${n === 1 ? '' : 's'}`;

function stateOf({ rows, expectedFalse, missing, tooYoung }: FleetAnswer): string {
  const parts = [
    `${count(rows.length, 'container')} evaluated`,
    `${expectedFalse.toFixed(1)} of the leaks are expected to be false`,
  ];
  if (tooYoung > 0) parts.push(`${count(tooYoung, 'container')} too young`);
  if (missing.length > 0) parts.push('a part is missing, see below');
  return parts.join(' · ');
}

/** `anchor`: what the overview links to, with a number. */
function list(
  title: string,
  workloads: readonly Workload[],
  readRow: ReportInput['readRow'],
  anchor: string | null = null,
): string {
  if (workloads.length === 0) return '';
  const shown = workloads
    .slice(0, MOST_WORKLOADS)
    .map((workload, i) => section(workload, readRow, anchor === null ? null : `${anchor}-${i + 1}`));
  const more = workloads.length > MOST_WORKLOADS ? `<p>${workloads.length - MOST_WORKLOADS} more are not shown.</p>` : '';
  return `<section><div class="head"><h2>${text(title)}</h2></div>${shown.join('\n')}${more}</section>`;
}

/** One line a workload: thirty charts are too many to see at once who leaks, by what, and who ends first. */
function overview(alarms: readonly Workload[]): string {
  if (alarms.length < 2) return '';
  const lines = alarms.slice(0, MOST_WORKLOADS).map(({ name, rows }, i) => {
    const { row, replicas } = rows[0]!;
    const { growth, eta } = row.summary;
    const cells = [
      causeText(row.summary),
      growth === null ? '' : growthText(growth),
      eta === null ? '' : endText(eta),
      replicas === null || replicas.spread === 'single' ? '' : `${replicas.leaking} of ${replicas.of}`,
    ];
    return `<tr><td><a href="#leak-${i + 1}">${text(name)}</a></td>${cells.map((cell) => `<td>${text(cell)}</td>`).join('')}</tr>`;
  });
  return `<section class="overview" aria-label="Overview"><table><tr><th>Leaks</th><th>Cause</th><th>Grows by</th><th>Ends</th><th>Replicas</th></tr>${lines.join('\n')}</table></section>`;
}

function section({ name, rows }: Workload, readRow: ReportInput['readRow'], id: string | null): string {
  const [first] = rows;
  const stored = rows.slice(0, MOST_CHARTS).map(readRow);
  const { headline: sentence } = stored[0]!.row.verdict;
  const charts = stored.flatMap(({ chart }, i) => {
    const { pod, limitBytes } = rows[i]!.row.summary;
    return chart === null ? [] : [`<figure style="margin:0"><small>${text(pod)}</small>${chartSvg(chart, limitBytes)}</figure>`];
  });
  return `<article class="workload"${id === null ? '' : ` id="${id}"`}><h2>${text(name)}</h2><p class="state">${text(sentence)}<br><small>${text(stateLine(first!))}</small></p><div class="charts">${charts.join('')}</div></article>`;
}

function stateLine({ row: { summary }, replicas }: RankedRow): string {
  const parts = [
    `cause ${causeText(summary)}`,
    `confidence ${summary.confidence.toFixed(2)}`,
    ...(summary.eta === null ? [] : [endText(summary.eta)]),
  ];
  if (replicas !== null && replicas.spread !== 'single')
    parts.push(`in ${replicas.leaking} of ${replicas.of} replicas${SPREADS[replicas.spread]}`);
  if (summary.formerPods.length > 0) parts.push(`with ${count(summary.formerPods.length, 'pod')} that it has replaced`);
  return parts.join(' · ');
}

const SPREADS = { 'in-all': ': the code', 'in-some': '', 'in-one': ': its node or its traffic' } as const;

function missing({ missing: absent, warnings }: FleetAnswer): string {
  if (absent.length === 0 && warnings.length === 0) return '';
  const rows = absent.map(({ what, why }) => `<tr><td>${text(what)}</td><td>${text(why)}</td></tr>`);
  const said = warnings.length === 0 ? '' : `<p>The server warns: ${text(joinWithAnd(warnings))}</p>`;
  return `<section><div class="head"><h2>Missing</h2></div><table><tr><th>What</th><th>Why</th></tr>${rows.join('')}</table>${said}</section>`;
}

const ENTITIES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' };

/** A text as HTML. Names come from the cluster, and are not trusted. */
const text = (plain: string): string => safeName(plain, 400).replace(/[&<>"']/g, (c) => ENTITIES[c]!);
