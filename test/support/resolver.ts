import type { CaaRecord, SoaRecord } from 'node:dns';
import type { Resolver } from '../../src/commands/provision/dns/live-dns';

/** The records of one name. */
export interface NameRecords {
  NS?: string[];
  CAA?: CaaRecord[];
  /** Whether the name is the apex of a zone. */
  SOA?: boolean;
  CNAME?: string;
  A?: string[];
  AAAA?: string[];
  /** Where the name is an address. */
  PTR?: string[];
  /** Error code of all queries for the name: `ESERVFAIL`. */
  fails?: string;
}

const SOA: SoaRecord = {
  nsname: 'ns1.example.net',
  hostmaster: 'hostmaster.example.net',
  serial: 1,
  refresh: 7200,
  retry: 900,
  expire: 1209600,
  minttl: 86400,
};

/** Creates a resolver for some names that answers as Node's does. It follows a CNAME as a recursive server does. */
export function resolverOf(names: Record<string, NameRecords>): Resolver {
  const refusal = (code: string, name: string) => Object.assign(new Error(`query ${code} ${name}`), { code });

  const lookUp = <T>(name: string, read: (records: NameRecords) => T | undefined): Promise<T> => {
    const records = names[name];
    if (records?.fails) return Promise.reject(refusal(records.fails, name));
    if (!records) return Promise.reject(refusal('ENOTFOUND', name));
    const found = read(records);
    if (found) return Promise.resolve(found);
    if (records.CNAME && names[records.CNAME]) return lookUp(records.CNAME, read);
    return Promise.reject(refusal('ENODATA', name));
  };

  return {
    resolveNs: (name) => lookUp(name, ({ NS }) => NS),
    resolveCaa: (name) => lookUp(name, ({ CAA }) => CAA),
    resolveSoa: (name) => lookUp(name, (records) => (records.SOA ? SOA : undefined)),
    resolve4: (name) => lookUp(name, ({ A }) => A),
    resolve6: (name) => lookUp(name, ({ AAAA }) => AAAA),
    reverse: (address) => lookUp(address, ({ PTR }) => PTR),
    resolveCname: (name) => {
      const { CNAME, fails } = names[name] ?? {};
      if (fails) return Promise.reject(refusal(fails, name));
      return CNAME ? Promise.resolve([CNAME]) : Promise.reject(refusal('ENODATA', name));
    },
  };
}
