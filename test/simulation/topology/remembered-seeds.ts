/** As those of the other simulation: each has found a fault that most others did not. */
export const REMEMBERED_SEEDS = [
  2, 11, 37, 78, 145, 158, 254, 261, 266, 417, 1190, 1651, 2063, 2271, 2564, 2710, 4629, 5081, 5722, 6281,
  6480, 7395, 7803, 9730, 9915, 9937, 9995,
];
