/** Search options that name no target: every container with a JVM is found. */
export const ANY_TARGET = {
  pid: null,
  cgroupDir: null,
  podUid: null,
  target: null,
  own: false,
  selfPid: -1,
  represented: new Set<string>(),
} as const;
