import { type GhostInstall } from '../../test/support/ghost/install';
import { type Place } from './places';

/** What a benchmark works with. */
export interface Bench {
  ghost: GhostInstall;
  /** For files of its own. */
  folder: string;
  place: Place;
}

export type Benchmark = (bench: Bench) => Promise<void>;
