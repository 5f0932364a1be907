import { percent } from '../trend/corpus-score.ts';

/** Wilson 1927, "Probable Inference, the Law of Succession, and Statistical Inference": 95 % interval of a share. */
export function wilsonInterval(found: number, all: number): string {
  const z = 1.96;
  const p = found / all;
  const middle = (p + (z * z) / (2 * all)) / (1 + (z * z) / all);
  const half = (z * Math.sqrt((p * (1 - p)) / all + (z * z) / (4 * all * all))) / (1 + (z * z) / all);
  return `${percent(p, 2)} (${percent(Math.max(0, middle - half), 2)} to ${percent(middle + half, 2)}, ${found} of ${all})`;
}
