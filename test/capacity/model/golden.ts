/** Measured scalability as published with R's package `usl` (BSD-2): load or CPUs, and throughput. */
export const specsdm91: readonly (readonly [number, number])[] = [
  [1, 64.9],
  [18, 995.9],
  [36, 1652.4],
  [72, 1853.2],
  [108, 1828.9],
  [144, 1775.0],
  [216, 1702.2],
]
export const raytracer: readonly (readonly [number, number])[] = [
  [1, 20],
  [4, 78],
  [8, 130],
  [12, 170],
  [16, 190],
  [20, 200],
  [24, 210],
  [28, 230],
  [32, 260],
  [48, 280],
  [64, 310],
]
