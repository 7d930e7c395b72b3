import { bucketChecks } from './bucket';
import { cdnChecks, patientCdnChecks } from './cdn-connection';
import type { Check } from '../check';
import { configChecks } from './config';
import { credentialChecks } from './credentials';
import { ghostChecks } from './ghost';
import { permissionChecks } from './permissions';

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
