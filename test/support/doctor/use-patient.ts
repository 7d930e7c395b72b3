import type { CheckReport } from '../../../src/commands/doctor/check';
import { installTools } from '../tls-cdn/tools';
import { type Breakage, type Patient, startPatient } from '.';

/** The blog that a test examines. It is closed after the test. */
export interface UsedPatient {
  /** Starts a blog with the given faults. */
  start: (breakage?: Breakage) => Promise<Patient>;
  /** Starts a blog and runs all checks on it. */
  examine: (breakage?: Breakage) => Promise<CheckReport[]>;
  /** The blog that was started last. */
  readonly current: Patient;
}

/** Adds the hooks that install what a blog needs, and close the blog after each test. */
export function usePatient(): UsedPatient {
  let patient: Patient | undefined;
  beforeAll(() => installTools(), 300_000);
  afterEach(async () => {
    await patient?.close();
    patient = undefined;
  });
  const start = async (breakage: Breakage = {}) => (patient = await startPatient(breakage));
  return {
    start,
    examine: async (breakage) => (await start(breakage)).examine(),
    get current() {
      if (!patient) throw new Error('No blog was started.');
      return patient;
    },
  };
}

/** Returns the result of a check. */
export const reportOf = (results: CheckReport[], wanted: string): CheckReport | undefined =>
  results.find(({ name }) => name === wanted);
