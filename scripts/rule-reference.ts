// Writes docs/rules.md from the registry of rules: npm run rules
import { readFileSync, writeFileSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import type { Rule } from '../src/diagnosis/rule.ts';
import { RULES } from '../src/diagnosis/rules/registry.ts';
import { wrapped } from './wrapped.ts';

const HEAD = `# Rules

Every finding of a verdict names its rule: \`findings[].rule\`. This list is made from \`src/diagnosis/rules/\` by
\`npm run rules\`. A rule that explains a cause gives the headline where that cause leads; its finding comes first.
Findings of one severity come in the order of this list. Where a rule has two severities, the evidence decides, most
often whether the end is less than a day away.
`;

const SEVERITIES = ['critical', 'warn', 'info'] as const;

const sourceOf = ({ id }: Rule): string => readFileSync(`src/diagnosis/rules/${id}.ts`, 'utf8');

/** The comment of the rule, on the line above its export, as one line. */
function meaningOf(rule: Rule): string {
  const comment = /\/\*\*((?:(?!\*\/)[\s\S])*)\*\/\nexport const \w+: (?:Cause|Condition)Rule/.exec(sourceOf(rule))?.[1];
  if (comment === undefined)
    throw new Error(`src/diagnosis/rules/${rule.id}.ts: expected a comment right above the rule that says what it means`);
  return comment.replace(/\s*\n \*\s*/g, ' ').trim();
}

/** The severities that `oomSeverity` can give. */
const OF_OOM: ReadonlySet<string> = new Set(['critical', 'warn']);

const severitiesOf = (rule: Rule): string => {
  const source = sourceOf(rule);
  const used = SEVERITIES.filter(
    (severity) => source.includes(`'${severity}'`) || (OF_OOM.has(severity) && source.includes('oomSeverity(')),
  );
  if (used.length === 0)
    throw new Error(`src/diagnosis/rules/${rule.id}.ts: expected one of the severities ${SEVERITIES.join(', ')}`);
  return new Intl.ListFormat('en', { type: 'disjunction' }).format(used).replace(/,(?= or )/, '');
};

const entry = (rule: Rule): string =>
  wrapped('-', `\`${rule.id}\` (${severitiesOf(rule)}): ${'cause' in rule ? `cause \`${rule.cause}\`. ` : ''}${meaningOf(rule)}`);

export const ruleReference = (): string =>
  [
    HEAD,
    ...[
      { title: 'Rules that explain a cause', rules: RULES.filter((rule) => 'cause' in rule) },
      { title: 'Rules that look for a condition', rules: RULES.filter((rule) => !('cause' in rule)) },
    ].map(({ title, rules }) => `## ${title}\n\n${rules.map(entry).join('\n')}\n`),
  ].join('\n');

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) writeFileSync('docs/rules.md', ruleReference());
