/** The worker thread of large-reviews.ts. */
import { parentPort, receiveMessageOnPort, workerData } from 'node:worker_threads';
import { systemClock } from '../../runtime/clock.ts';
import { admit } from '../admission.ts';
import { parseReview, reviewWith } from '../review.ts';
import { UnreadableBody } from '../server-body.ts';
import type { Answer, Answers, Job, Question, Start, WorkerMessage } from './messages.ts';

/** The main thread may be busy; it ends this thread if the review takes longer altogether. */
const ANSWER_MS = 5_000;

const { config, answered } = workerData as Start;
const say = (said: WorkerMessage) => parentPort?.postMessage(said);

parentPort?.on('message', (job: Job) => say(review(job)));

function review({ bytes, charset, followed }: Job): WorkerMessage {
  let body: unknown;
  try {
    body = parseReview(bytes, charset);
  } catch (error) {
    if (!(error instanceof UnreadableBody)) throw error;
    return { kind: 'unreadable', status: error.status, problem: error.message };
  }
  const evaluate = (body: unknown) =>
    admit(
      body,
      config,
      (follower) => ask('active', { kind: 'active', follower }),
      followed,
      (namespace) => ask('limits', { kind: 'limits', namespace }) ?? [],
    );
  return { kind: 'reviewed', review: reviewWith(evaluate, body, () => systemClock.elapsed()) };
}

/** Blocks until the main thread answers, so that `admit` can stay synchronous in both threads. */
function ask<K extends keyof Answers>(what: K, question: Question & { kind: K }): Answer[K] {
  Atomics.store(answered, 0, 0);
  say(question);
  Atomics.wait(answered, 0, 0, ANSWER_MS);
  const answer = parentPort && receiveMessageOnPort(parentPort);
  if (!answer) throw new Error(`the main thread has not answered within ${ANSWER_MS / 1_000} s`);
  return (answer.message as Answer)[what];
}
