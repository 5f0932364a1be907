// Asks the process that is named as a JVM is asked, and prints what came of it.
import { attach } from '../../src/sources/jvm/attach.ts';
import { processRef, ROOTS } from './process-ref.ts';

attach({ roots: ROOTS, process: processRef(Number(process.argv[2])), command: 'jcmd', args: ['x'], timeoutMs: 10_000 }).then(
  (reading) => console.log(JSON.stringify(reading)),
);
