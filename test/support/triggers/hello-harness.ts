import { ObjectId } from 'bson';
import { SECRETS } from '../../../kubernetes/resources.ts';
import { createAuthority } from '../certificates.ts';
import { Mongod } from '../mongod.ts';
import { createPods, PLACES, type Place, podAt, type StartTriggerHarness } from './harness.ts';

const LOGIN = { username: 'follower', password: 'correct horse battery staple' };
const address = (place: Place) => `${podAt(place)}.db.example:27017`;
const HOSTS = PLACES.map(address);

/** A replica set with a member at each place, whose members want a login by TLS. */
export const startHelloHarness: StartTriggerHarness = async (ground) => {
  const { t, api, namespace } = ground;
  const authority = await createAuthority();
  const { certificate: cert, key } = await authority.issue({ name: 'db', ips: ['127.0.0.1'] });
  const members = new Map(
    PLACES.map((place) => [place, new Mongod({ replicaSet: 'rs0', login: LOGIN, tls: { cert, key } })]),
  );
  const addresses = await Promise.all([...members.values()].map((mongod) => mongod.start()));
  t.after(() => Promise.all([...members.values()].map((mongod) => mongod.stop())));
  const encode = (values: object) =>
    Object.fromEntries(
      Object.entries(values).map(([name, text]) => [name, Buffer.from(text).toString('base64')]),
    );
  const name = 'db-login';
  await api.create(SECRETS, {
    metadata: { namespace, name },
    data: encode({ ...LOGIN, 'ca.crt': authority.certificate }),
  });
  await createPods(ground);

  let term = 0;
  const say = (state: (place: Place) => object): Promise<void> => {
    for (const [place, mongod] of members) {
      mongod.say({
        isWritablePrimary: false,
        secondary: true,
        me: address(place),
        hosts: HOSTS,
        ...state(place),
      });
    }
    return Promise.resolve();
  };
  const elected = (place: Place, leader: Place) => {
    const electionId = new ObjectId(`7fffffff${String(term).padStart(16, '0')}`);
    const isLeader = place === leader;
    return {
      primary: address(leader),
      setVersion: 1,
      ...(isLeader && { isWritablePrimary: true, secondary: false, electionId }),
    };
  };
  const lead = (leader: Place) => {
    term += 1;
    return say((place) => elected(place, leader));
  };
  return {
    settings: {
      kind: 'mongodb',
      source: 'hello',
      namespace,
      replicaSet: 'rs0',
      members: addresses,
      credentialsSecret: name,
      tlsSecret: name,
    },
    lead,
    vanish: () => say(() => ({})),
    vanished: 'PrimaryEmpty',
    garbage: [
      {
        what: 'a set of another name',
        reason: 'SourceInvalid',
        enter: () => say((place) => ({ ...elected(place, 'west'), setName: 'other' })),
      },
      {
        what: 'a primary that calls itself by an address',
        reason: 'SourceInvalid',
        enter: () => {
          term += 1;
          return say((place) => ({
            ...elected(place, 'west'),
            primary: '192.0.2.7:27017',
            ...(place === 'west' && { me: '192.0.2.7:27017' }),
          }));
        },
      },
      {
        what: 'two primaries of one election',
        reason: 'PrimaryAmbiguous',
        enter: () => say((place) => elected(place, place === 'west' ? 'west' : 'east')),
      },
      {
        what: 'answers that make no sense',
        reason: 'SourceUnreachable',
        enter: () => say(() => ({ setVersion: 'the newest' })),
      },
    ],
    source: {
      reason: 'SourceUnreachable',
      cut: () => {
        for (const mongod of members.values()) mongod.hang();
        return () => {
          for (const mongod of members.values()) mongod.hang(false);
        };
      },
    },
    refused: 'SecretUnusable',
  };
};
