/** Schedules that are run again each time. Each has found a fault that a thousand others did not: mostly etcd restored in the same moments as something else. */
export const REMEMBERED_SEEDS = [
  1751, 2900, 3720, 3792, 3971, 4107, 5339, 5931, 6330, 7204, 7485, 8845, 9273, 9294, 9537, 9578, 9807, 11278,
  11579, 11705, 11910, 12819,
];
