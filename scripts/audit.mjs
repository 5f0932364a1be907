// Asks the registry for known vulnerabilities of the locked packages: `npm run audit`. Those of the bundle are development
// packages, so all are asked for. A severity of high or critical is a failure. A registry that has no such answer, as
// mirrors have not, is none: it is said.
import { spawnSync } from 'node:child_process';

const { stdout, error } = spawnSync('npm', ['audit', '--package-lock-only', '--json', '--fetch-retries=1'], { encoding: 'utf8' });
if (error !== undefined) throw error;
const answer = JSON.parse(stdout);
if (answer.auditReportVersion === undefined) {
  console.error(`not audited: the registry does not answer (${answer.error?.summary || answer.message || 'no reason'})`);
} else {
  const { vulnerabilities } = answer.metadata;
  for (const { name, severity, range } of Object.values(answer.vulnerabilities)) console.error(`${severity}: ${name} ${range}`);
  console.log(`audited: ${JSON.stringify(vulnerabilities)}`);
  if (vulnerabilities.high + vulnerabilities.critical > 0) process.exitCode = 1;
}
