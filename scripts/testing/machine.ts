/** The machine of a run that never was. */
export const MACHINE = {
  at: '2030-01-02T00:00:00.000Z',
  commit: 'abc1234',
  node: 'v24.0.0',
  cpu: 'Some CPU',
  cores: 2,
  loadBefore: 0.12,
};
