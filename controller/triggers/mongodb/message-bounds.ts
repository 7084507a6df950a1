import { systemClock } from '../../../runtime/clock.ts';
import { type Rate, TokenBucket } from '../../../runtime/token-bucket.ts';

/** An answer to hello of a replica set with 50 members, and each step of a login, have some kilobytes. */
const MOST_BYTES = 128 * 1024;
/** Bytes of one connection: some ten times what members have to say, however often they are asked. */
const PACE: Rate = { burst: 2 * MOST_BYTES, perSecond: 32 * 1024 };
/** Source: MongoDB wire protocol, opcodes. */
const [OPCODE_AT, COMPRESSED] = [12, 2012];

let isBounded = false;

/**
 * The driver waits for as many bytes as a message says that it has, up to two thousand million, and unpacks a compressed one to
 * whatever size though no compression was agreed on (mongodb 7.9.0, lib/cmap/connection.js and wire_protocol/compression.js):
 * one member that is none would take all memory within a second. It also takes as many answers to one streamed hello as come,
 * which would take all processor time: those beyond the pace wait in the network. It has no setting for any of these.
 */
export async function boundMessages(): Promise<void> {
  if (isBounded) return;
  isBounded = true;
  const [{ SizedMessageTransform }, { default: compression }] = await Promise.all([
    import('mongodb/lib/cmap/connection.js'),
    import('mongodb/lib/cmap/wire_protocol/compression.js'),
  ]);
  const { prototype } = SizedMessageTransform;
  const { _transform: takeApart } = prototype;
  const paces = new WeakMap<object, TokenBucket>();
  prototype._transform = function (chunk, encoding, done) {
    if (this.bufferPool.length > MOST_BYTES) {
      done(new Error(`it sends a message of more than ${MOST_BYTES} bytes: it is no MongoDB`));
      return;
    }
    const now = systemClock.elapsed();
    const pace = paces.get(this) ?? new TokenBucket(PACE, now);
    paces.set(this, pace);
    const waitMs = pace.charge(chunk.length, now);
    if (waitMs === 0) takeApart.call(this, chunk, encoding, done);
    else systemClock.after(waitMs, () => takeApart.call(this, chunk, encoding, done));
  };
  const { decompressResponse: read } = compression;
  compression.decompressResponse = async (message) => {
    if (message.readInt32LE(OPCODE_AT) !== COMPRESSED) return await read(message);
    throw new Error('it sends a compressed message, which nobody has agreed on: it is no MongoDB');
  };
}
