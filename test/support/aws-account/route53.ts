import type {
  Change,
  ChangeResourceRecordSetsCommandInput,
  GetHostedZoneCommandInput,
  ListHostedZonesCommandInput,
  ListResourceRecordSetsCommandInput,
  ResourceRecordSet,
} from '@aws-sdk/client-route-53';
import { awsError } from './aws-error';
import type { Identifiers } from './identifiers';
import { page } from './pages';
import type { ClientConfig, Operations } from './switchboard';

export interface HostedZone {
  id: string;
  /** With a final dot. */
  name: string;
  private: boolean;
  nameServers: string[];
  /** The profile of another account, if the zone is there. */
  profile?: string;
  records: ResourceRecordSet[];
}

/** Route 53 with its zones: those of the account, and those of the accounts of other profiles. */
export class HostedZones {
  readonly all: HostedZone[] = [];

  constructor(private readonly identifiers: Identifiers) {}

  /**
   * Adds a zone.
   *
   * @param given `name`: without or with a final dot; `profile`: puts the zone into another account, which only clients
   * of that profile see
   */
  add(given: Partial<HostedZone> & { name: string }): HostedZone {
    const name = fullName(given.name);
    const zone: HostedZone = {
      id: `Z${this.identifiers.capitals(20)}`,
      private: false,
      nameServers: ['ns-1.awsdns-11.com', 'ns-517.awsdns-07.net', 'ns-1033.awsdns-13.org', 'ns-1541.awsdns-21.co.uk'],
      records: [],
      ...given,
      name,
    };
    zone.records.push(
      {
        Name: name,
        Type: 'NS',
        TTL: 172_800,
        ResourceRecords: zone.nameServers.map((Value) => ({ Value: `${Value}.` })),
      },
      {
        Name: name,
        Type: 'SOA',
        TTL: 900,
        ResourceRecords: [{ Value: `${zone.nameServers[0]}. awsdns-hostmaster.amazon.com. 1 7200 900 1209600 86400` }],
      },
    );
    this.all.push(zone);
    return zone;
  }

  /** Returns whether the profile is one of another account. */
  isOfOtherAccount(profile: string | undefined): boolean {
    return profile !== undefined && this.all.some((zone) => zone.profile === profile);
  }

  /** Returns whether a public zone has the CNAME. */
  hasCname(name: string, value: string): boolean {
    return this.all.some(
      (zone) =>
        !zone.private &&
        zone.records.some(
          ({ Name = '', Type, ResourceRecords = [] }) =>
            Type === 'CNAME' &&
            fullName(Name) === fullName(name) &&
            fullName(ResourceRecords[0]?.Value ?? '') === fullName(value),
        ),
    );
  }

  /**
   * Changes records, all of them or none.
   *
   * @throws InvalidChangeBatch
   */
  change(zoneId: string, changes: Change[], client?: ClientConfig): void {
    const zone = this.get(zoneId, client);
    const records = [...zone.records];
    for (const { Action, ResourceRecordSet: given } of changes) {
      changeRecord(zone, records, Action, { ...given, Name: fullName(given?.Name ?? '') } as ResourceRecordSet);
    }
    zone.records = records;
  }

  /** @see https://docs.aws.amazon.com/Route53/latest/APIReference/API_Operations.html */
  readonly operations: Operations = {
    ListHostedZones: ({ Marker }: ListHostedZonesCommandInput, client) => {
      const { items, next } = page(this.seenBy(client), Marker);
      return {
        HostedZones: items.map(shown),
        IsTruncated: next !== undefined,
        NextMarker: next,
        MaxItems: 100,
        Marker,
      };
    },

    GetHostedZone: ({ Id = '' }: GetHostedZoneCommandInput, client) => {
      const zone = this.get(Id, client);
      return {
        HostedZone: shown(zone),
        ...(zone.private
          ? { VPCs: [{ VPCRegion: 'eu-central-1', VPCId: 'vpc-0a1b2c3d' }] }
          : { DelegationSet: { NameServers: zone.nameServers } }),
      };
    },

    ListResourceRecordSets: (input: ListResourceRecordSetsCommandInput, client) => {
      const { HostedZoneId = '', StartRecordName, StartRecordType } = input;
      if (StartRecordType && !StartRecordName) {
        throw awsError('route53', 'InvalidInput', 'A record type needs a record name to start at.');
      }
      const key = ({ Name = '', Type }: ResourceRecordSet) => [sortKey(Name), String(Type)];
      const sorted = [...this.get(HostedZoneId, client).records].sort((one, other) => compare(key(one), key(other)));
      const start = [sortKey(StartRecordName ?? ''), StartRecordType ?? ''];
      const following = sorted.filter((record) => compare(key(record), start) >= 0);
      const { items, next } = page(following, undefined, Math.min(input.MaxItems ?? 3, 3));
      const first = next ? following[items.length] : undefined;
      return {
        ResourceRecordSets: items,
        IsTruncated: first !== undefined,
        NextRecordName: first?.Name,
        NextRecordType: first?.Type,
        MaxItems: input.MaxItems ?? 300,
      };
    },

    ChangeResourceRecordSets: (input: ChangeResourceRecordSetsCommandInput, client) => {
      this.change(input.HostedZoneId ?? '', input.ChangeBatch?.Changes ?? [], client);
      return {
        ChangeInfo: { Id: `/change/C${this.identifiers.capitals(13)}`, Status: 'PENDING', SubmittedAt: new Date() },
      };
    },
  };

  private seenBy({ profile }: ClientConfig): HostedZone[] {
    const other = this.isOfOtherAccount(profile) ? profile : undefined;
    return this.all.filter((zone) => zone.profile === other);
  }

  private get(id: string, client?: ClientConfig): HostedZone {
    const bare = id.replace('/hostedzone/', '');
    const zone = (client ? this.seenBy(client) : this.all).find((candidate) => candidate.id === bare);
    if (!zone) {
      throw awsError('route53', 'NoSuchHostedZone', `No hosted zone found with ID: ${bare}`, 404);
    }
    return zone;
  }
}

/** Returns the name as Route 53 writes it: in lower case, with a final dot, an asterisk as its octal code. */
function fullName(name: string): string {
  return `${name.replace(/\.$/, '')}.`.toLowerCase().replace('*', '\\052');
}

/** Returns the labels in reverse, by which names are sorted: `com.example.images.` */
function sortKey(name: string): string {
  return name && `${fullName(name).slice(0, -1).split('.').reverse().join('.')}.`;
}

function compare(one: string[], other: string[]): number {
  const index = one.findIndex((part, position) => part !== other[position]);
  return index === -1 ? 0 : (one[index] as string) < (other[index] as string) ? -1 : 1;
}

const shown = (zone: HostedZone) => ({
  Id: `/hostedzone/${zone.id}`,
  Name: zone.name,
  CallerReference: zone.id,
  Config: { PrivateZone: zone.private },
  ResourceRecordSetCount: zone.records.length,
});

function changeRecord(
  zone: HostedZone,
  records: ResourceRecordSet[],
  action: Change['Action'],
  record: ResourceRecordSet,
): void {
  const { Name = '', Type } = record;
  const refuse = (message: string) => awsError('route53', 'InvalidChangeBatch', `[${message}]`);
  const described = `[name='${Name}', type='${Type}']`;
  if (Name !== zone.name && !Name.endsWith(`.${zone.name}`)) {
    throw refuse(`RRSet with DNS name ${Name} is not permitted in zone ${zone.name}`);
  }
  const index = records.findIndex((other) => other.Name === Name && other.Type === Type);
  if (action === 'DELETE') {
    if (index === -1) {
      throw refuse(`Tried to delete resource record set ${described} but it was not found`);
    }
    if (!sameValues(records[index] as ResourceRecordSet, record)) {
      throw refuse(
        `Tried to delete resource record set ${described} but the values provided do not match the current values`,
      );
    }
    records.splice(index, 1);
    return;
  }
  if (action === 'CREATE' && index !== -1) {
    throw refuse(`Tried to create resource record set ${described} but it already exists`);
  }
  if (Type === 'CNAME' && Name === zone.name) {
    throw refuse(`RRSet of type CNAME with DNS name ${Name} is not permitted at apex in zone ${zone.name}`);
  }
  if (records.some((other) => other.Name === Name && (other.Type === 'CNAME') !== (Type === 'CNAME'))) {
    throw refuse(
      `RRSet of type ${Type} with DNS name ${Name} is not permitted as it conflicts with other records with the same ` +
        `DNS name in zone ${zone.name}`,
    );
  }
  records.splice(index === -1 ? records.length : index, index === -1 ? 0 : 1, record);
}

function sameValues(one: ResourceRecordSet, other: ResourceRecordSet): boolean {
  const values = ({ TTL, ResourceRecords = [], AliasTarget: alias }: ResourceRecordSet) =>
    JSON.stringify([
      TTL,
      ResourceRecords.map(({ Value }) => Value).sort(),
      alias && [alias.HostedZoneId, fullName(alias.DNSName ?? ''), alias.EvaluateTargetHealth ?? false],
    ]);
  return values(one) === values(other);
}
