import { bucketChecks } from './bucket-checks';
import { cdnChecks, patientCdnChecks } from './cdn-checks';
import type { Check } from './check';
import { configChecks } from './config-checks';
import { credentialChecks } from './credential-checks';
import { ghostChecks } from './ghost-checks';
import { permissionChecks } from './permission-checks';

/** All checks. What a check needs stands before it. */
export const CHECKS: Check[] = [
  ...configChecks,
  ...credentialChecks,
  ...bucketChecks,
  ...permissionChecks,
  ...cdnChecks,
  ...ghostChecks,
  ...patientCdnChecks,
];
