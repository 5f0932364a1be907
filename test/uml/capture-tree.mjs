// How test/fixtures/trees/v2-* were taken, inside the guest: test/uml/run.sh -c v2 -o OUT -- node test/uml/capture-tree.mjs FLAG...
// with the class of scenarios/Healthy.java in OUT/classes; the tree is OUT/tree.
import { spawn, spawnSync } from 'node:child_process';
import { setTimeout as pause } from 'node:timers/promises';

const { UML_OUT } = process.env;
const java = ['java', ...process.argv.slice(2), '-cp', `${UML_OUT}/classes`, 'Healthy', '8', '20'];
const child = spawn('incontainer', ['app', ...java], { stdio: ['pipe', 'inherit', 'inherit'] });
await pause(20_000); // the guest is slow: until the JVM has warmed up
const taken = spawnSync(process.execPath, ['scripts/capture-tree.mjs', String(child.pid), `${UML_OUT}/tree`], {
  stdio: 'inherit',
});
child.kill('SIGKILL');
process.exitCode = taken.status ?? 1;
