/** Running medians of the last hour of five-minute values, the first step of Jindal et al. */
export const hourlyRunningMedian = (y: Float64Array): Float64Array =>
  y.map((_, i) => {
    const near = y.slice(Math.max(0, i - 11), i + 1).sort();
    return near[near.length >> 1]!;
  });
