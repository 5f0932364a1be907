import { cssColor } from '../dom.ts';

type Fill = CanvasRenderingContext2D['fillStyle'];

/** Solid for what is unreclaimable, hatched for what is reclaimable. `dim`: something else is highlighted. */
export function fillPattern(hue: string, reclaimable: boolean, dim: boolean): Fill {
  const color = cssColor(hue);
  if (!reclaimable) return dim ? `color-mix(in srgb, ${color} 18%, ${cssColor('paper')})` : color;
  const dpr = Math.max(1, Math.round(devicePixelRatio));
  const size = 7 * dpr;
  const tile = document.createElement('canvas');
  tile.width = size;
  tile.height = size;
  const c = tile.getContext('2d')!;
  c.fillStyle = cssColor('paper');
  c.fillRect(0, 0, size, size);
  c.globalAlpha = dim ? 0.18 : 1;
  c.strokeStyle = color;
  c.lineWidth = 1.6 * dpr;
  c.beginPath();
  for (const shift of [-size, 0, size]) {
    c.moveTo(shift - dpr, size + dpr);
    c.lineTo(shift + size + dpr, -dpr);
  }
  c.stroke();
  return c.createPattern(tile, 'repeat')!;
}
