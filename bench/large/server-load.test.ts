import assert from 'node:assert/strict';
import { test } from 'node:test';
import { levelsAndRejected, since } from './server-load.ts';

const METRICS = (requests: number, waited: number, rejected: number) => `# TYPE x histogram
apiserver_flowcontrol_request_wait_duration_seconds_bucket{execute="true",flow_schema="a",priority_level="workload-high",le="0"} 3
apiserver_flowcontrol_request_wait_duration_seconds_sum{execute="true",flow_schema="a",priority_level="workload-high"} ${waited}
apiserver_flowcontrol_request_wait_duration_seconds_count{execute="true",flow_schema="a",priority_level="workload-high"} ${requests}
apiserver_flowcontrol_request_wait_duration_seconds_count{execute="true",flow_schema="b",priority_level="workload-high"} 2
apiserver_flowcontrol_request_wait_duration_seconds_count{execute="false",flow_schema="b",priority_level="workload-high"} 7
apiserver_flowcontrol_request_wait_duration_seconds_count{execute="true",flow_schema="c",priority_level="exempt"} 9
apiserver_flowcontrol_rejected_requests_total{flow_schema="a",priority_level="workload-high",reason="queue-full"} ${rejected}
apiserver_flowcontrol_rejected_requests_total{flow_schema="b",priority_level="workload-low",reason="time-out"} 1`;

test('the requests of a level are those of all its schemas, without those that were not executed', () => {
  assert.deepEqual(levelsAndRejected(METRICS(10, 0.5, 4)), {
    levels: {
      'workload-high': { requests: 12, waitedSeconds: 0.5 },
      exempt: { requests: 9, waitedSeconds: 0 },
    },
    rejected: 5,
  });
});

test('what was added leaves out levels that served nothing', () => {
  const before = { ...levelsAndRejected(METRICS(10, 0.5, 4)), cpuSeconds: 3 };
  const now = { ...levelsAndRejected(METRICS(30, 2, 6)), cpuSeconds: 7.5 };
  assert.deepEqual(since(before, now), {
    levels: { 'workload-high': { requests: 20, waitedSeconds: 1.5 } },
    rejected: 2,
    cpuSeconds: 4.5,
  });
});
