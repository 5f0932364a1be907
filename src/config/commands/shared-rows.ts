/** Options that several commands have. */
import { GATES, type Gate } from '../../diagnosis/gate.ts';
import { MINUTE_S } from '../../units.ts';
import { row } from '../option-table.ts';
import { flag, oneOf, podUid, seconds, text, whole } from '../option-values.ts';

/** Options for the target and the kernel's trees, shared by watch, explain, capture and culprit. */
export const TARGET_ROWS = {
  pid: row<number | null>({
    flag: 'pid',
    value: 'N',
    parse: whole(1, 4194304),
    otherwise: null,
    help: 'the process whose container is watched',
  }),
  cgroup: row<string | null>({
    flag: 'cgroup',
    value: 'DIR',
    parse: text,
    otherwise: null,
    help: 'the memory cgroup directory to watch',
  }),
  podUid: row<string | null>({
    flag: 'pod-uid',
    value: 'UID',
    parse: podUid,
    otherwise: null,
    help: "uid of the pod whose cgroup is watched, in the node's tree at --cgroup-root",
  }),
  target: row<string | null>({
    flag: 'target',
    value: 'NAME',
    parse: text,
    otherwise: null,
    help: 'container id or process name of the target',
  }),
  own: row<boolean>({ flag: 'own', value: null, parse: flag, otherwise: false, help: "watch memhound's own cgroup" }),
  attach: row<boolean>({
    flag: 'attach',
    value: null,
    parse: flag,
    otherwise: false,
    help: 'allow the JVM attach protocol (sends SIGQUIT to a JVM that catches it)',
  }),
  procRoot: row<string>({
    flag: 'proc-root',
    value: 'DIR',
    parse: text,
    otherwise: '/proc',
    otherwiseText: '/proc',
    help: 'path of procfs',
  }),
  cgroupRoot: row<string>({
    flag: 'cgroup-root',
    value: 'DIR',
    parse: text,
    otherwise: '/sys/fs/cgroup',
    otherwiseText: '/sys/fs/cgroup',
    help: 'path of the cgroup file systems',
  }),
  json: row<boolean>({ flag: 'json', value: null, parse: flag, otherwise: false, help: 'print JSON' }),
};

export const MIN_HISTORY = row<number>({
  flag: 'min-history',
  value: 'TIME',
  parse: seconds,
  otherwise: 15 * MINUTE_S,
  otherwiseText: '15m',
  help: 'minimum history before a trend is reported',
});

export const FAIL_ON = row<Gate | null>({
  flag: 'fail-on',
  value: 'STATE',
  parse: oneOf(GATES),
  otherwise: null,
  help: 'exit 3 on leak, growing, or unsure (leak is null)',
});

/** Where the API is, for the program that serves it and the one that asks it. */
export const API_ROWS = {
  host: row<string>({
    flag: 'host',
    value: 'ADDRESS',
    parse: text,
    otherwise: '127.0.0.1',
    otherwiseText: '127.0.0.1',
    help: 'address of the page and the API',
  }),
  port: row<number>({
    flag: 'port',
    value: 'N',
    parse: whole(0, 65535),
    otherwise: 8800,
    otherwiseText: '8800',
    help: 'port of the page and the API; 0: any free port',
  }),
  tokenFile: row<string | null>({
    flag: 'token-file',
    value: 'FILE',
    parse: text,
    otherwise: null,
    help: 'file with the bearer token that the API requires',
  }),
};
