import type {
  CreateAccessKeyCommandInput,
  DeleteAccessKeyCommandInput,
  GetAccessKeyLastUsedCommandInput,
  GetRoleCommandInput,
  ListAccessKeysCommandInput,
  ListEntitiesForPolicyCommandInput,
  SimulatePrincipalPolicyCommandInput,
  UpdateAccessKeyCommandInput,
} from '@aws-sdk/client-iam';
import { awsError } from './aws-error';
import type { Access } from './access';
import type { Identifiers } from './identifiers';
import { page } from './pages';
import type { Operations } from './switchboard';

const ACCESS_KEYS_OF_A_USER = 2;
const SIMULATED_AT_A_TIME = 20;

export interface User {
  name: string;
  arn: string;
  /** ARNs */
  policies: string[];
  accessKeys: AccessKey[];
}

export interface AccessKey {
  id: string;
  secret: string;
  createdAt: Date;
  status: 'Active' | 'Inactive';
  /** Set by tests, since no request to this account is signed with such a key. */
  usedAt?: Date;
}

export interface Role {
  name: string;
  arn: string;
  /** ARNs */
  policies: string[];
}

/** IAM with its users, roles and policies. */
export class Identities {
  readonly users: User[] = [];
  readonly roles: Role[] = [];
  /** Names of managed policies, by ARN. */
  readonly policies = new Map<string, string>();

  constructor(
    private readonly access: Access,
    private readonly identifiers: Identifiers,
  ) {}

  addUser(name: string, policies: string[] = []): User {
    const user = { name, arn: this.arn('user', name), policies, accessKeys: [] };
    this.users.push(user);
    return user;
  }

  addRole(name: string, policies: string[] = []): Role {
    const role = { name, arn: this.arn('role', name), policies };
    this.roles.push(role);
    return role;
  }

  /** Adds a managed policy and returns its ARN. */
  addPolicy(name: string): string {
    const arn = this.arn('policy', name);
    this.policies.set(arn, name);
    return arn;
  }

  /** @throws DeleteConflict when the user has access keys */
  removeUser(name: string): void {
    const user = this.user(name);
    if (user.accessKeys.length > 0) {
      throw this.conflict('Cannot delete entity, must delete access keys first.');
    }
    this.users.splice(this.users.indexOf(user), 1);
  }

  removeRole(name: string): void {
    this.roles.splice(this.roles.indexOf(this.role(name)), 1);
  }

  /** @throws DeleteConflict when a user or role has the policy */
  removePolicy(arn: string): void {
    if ([...this.users, ...this.roles].some(({ policies }) => policies.includes(arn))) {
      throw this.conflict('Cannot delete a policy attached to entities.');
    }
    this.policies.delete(arn);
  }

  /** @see https://docs.aws.amazon.com/IAM/latest/APIReference/API_Operations.html */
  readonly operations: Operations = {
    GetRole: ({ RoleName = '' }: GetRoleCommandInput) => {
      const { name, arn } = this.role(RoleName);
      return { Role: { RoleName: name, Arn: arn, Path: '/', RoleId: 'AROA1', CreateDate: new Date() } };
    },

    ListAccessKeys: ({ UserName = '' }: ListAccessKeysCommandInput) => ({
      AccessKeyMetadata: this.user(UserName).accessKeys.map(({ id, createdAt, status }) => ({
        UserName,
        AccessKeyId: id,
        Status: status,
        CreateDate: createdAt,
      })),
      IsTruncated: false,
    }),

    CreateAccessKey: ({ UserName = '' }: CreateAccessKeyCommandInput) => {
      const { accessKeys } = this.user(UserName);
      if (accessKeys.length >= ACCESS_KEYS_OF_A_USER) {
        const message = `Cannot exceed quota for AccessKeysPerUser: ${ACCESS_KEYS_OF_A_USER}`;
        throw awsError('iam', 'LimitExceededException', message, 409);
      }
      const key: AccessKey = {
        id: `AKIA${this.identifiers.capitals(16)}`,
        secret: this.identifiers.hex(40),
        createdAt: new Date(),
        status: 'Active',
      };
      accessKeys.push(key);
      return {
        AccessKey: {
          UserName,
          AccessKeyId: key.id,
          SecretAccessKey: key.secret,
          Status: 'Active',
          CreateDate: key.createdAt,
        },
      };
    },

    GetAccessKeyLastUsed: ({ AccessKeyId }: GetAccessKeyLastUsedCommandInput) => {
      const user = this.users.find(({ accessKeys }) => accessKeys.some(({ id }) => id === AccessKeyId));
      const used = user?.accessKeys.find(({ id }) => id === AccessKeyId)?.usedAt;
      if (!user) {
        throw this.noSuchEntity(`The Access Key with id ${AccessKeyId} cannot be found.`);
      }
      // Without a use, AWS leaves out the date.
      return {
        UserName: user.name,
        AccessKeyLastUsed: { LastUsedDate: used, ServiceName: used ? 's3' : 'N/A', Region: used ? 'us-east-1' : 'N/A' },
      };
    },

    UpdateAccessKey: ({ UserName = '', AccessKeyId, Status }: UpdateAccessKeyCommandInput) => {
      const key = this.user(UserName).accessKeys.find(({ id }) => id === AccessKeyId);
      if (!key) {
        throw this.noSuchEntity(`The Access Key with id ${AccessKeyId} cannot be found.`);
      }
      key.status = Status === 'Inactive' ? 'Inactive' : 'Active';
      return {};
    },

    DeleteAccessKey: ({ UserName = '', AccessKeyId }: DeleteAccessKeyCommandInput) => {
      const user = this.user(UserName);
      if (!user.accessKeys.some(({ id }) => id === AccessKeyId)) {
        throw this.noSuchEntity(`The Access Key with id ${AccessKeyId} cannot be found.`);
      }
      user.accessKeys = user.accessKeys.filter(({ id }) => id !== AccessKeyId);
      return {};
    },

    SimulatePrincipalPolicy: (input: SimulatePrincipalPolicyCommandInput) => {
      const { PolicySourceArn = '', ActionNames = [], ResourceArns = ['*'] } = input;
      if (!/^arn:aws:iam::\d{12}:(user|group|role)\//.test(PolicySourceArn)) {
        throw awsError(
          'iam',
          'InvalidInputException',
          `Invalid Entity Arn: ${PolicySourceArn} does not clearly define entity type and name.`,
        );
      }
      const results = ActionNames.flatMap((action) =>
        ResourceArns.map((resource) => ({
          EvalActionName: action,
          EvalResourceName: resource,
          EvalDecision: this.access.allows(action) ? 'allowed' : 'implicitDeny',
          MissingContextValues: [],
        })),
      );
      const { items, next } = page(results, input.Marker, SIMULATED_AT_A_TIME);
      return { EvaluationResults: items, IsTruncated: next !== undefined, Marker: next };
    },

    ListEntitiesForPolicy: ({ PolicyArn = '' }: ListEntitiesForPolicyCommandInput) => {
      if (!this.policies.has(PolicyArn)) {
        throw this.noSuchEntity(`Policy ${PolicyArn} was not found.`);
      }
      const having = <T extends User | Role>(entities: T[]) =>
        entities.filter(({ policies }) => policies.includes(PolicyArn));
      return {
        PolicyGroups: [],
        PolicyUsers: having(this.users).map(({ name }) => ({ UserName: name, UserId: name })),
        PolicyRoles: having(this.roles).map(({ name }) => ({ RoleName: name, RoleId: name })),
        IsTruncated: false,
      };
    },
  };

  private arn(kind: string, name: string): string {
    return `arn:aws:iam::${this.access.accountId}:${kind}/${name}`;
  }

  private user(name: string): User {
    const user = this.users.find((candidate) => candidate.name === name);
    if (!user) {
      throw this.noSuchEntity(`The user with name ${name} cannot be found.`);
    }
    return user;
  }

  private role(name: string): Role {
    const role = this.roles.find((candidate) => candidate.name === name);
    if (!role) {
      throw this.noSuchEntity(`The role with name ${name} cannot be found.`);
    }
    return role;
  }

  private readonly noSuchEntity = (message: string) => awsError('iam', 'NoSuchEntityException', message, 404);
  private readonly conflict = (message: string) => awsError('iam', 'DeleteConflictException', message, 409);
}
