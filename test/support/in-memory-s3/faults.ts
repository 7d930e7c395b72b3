import type { Fault, FaultKind } from './types';

/** The faults that a test has injected. */
export class Faults {
  #active: { fault: Fault; left: number }[] = [];

  inject(fault: Fault): { clear(): void } {
    const entry = { fault, left: fault.times ?? 1 };
    this.#active.push(entry);
    return { clear: () => void (this.#active = this.#active.filter((other) => other !== entry)) };
  }

  clear(): void {
    this.#active = [];
  }

  /** Returns the fault to apply to a request, and counts it. */
  strike(operation: string, key: string | undefined): FaultKind | undefined {
    const entry = this.#active.find(({ fault, left }) => left > 0 && fits(fault, operation, key));
    if (!entry) return undefined;
    entry.left -= 1;
    return entry.fault.kind;
  }
}

function fits(fault: Fault, operation: string, key: string | undefined): boolean {
  if (fault.operation !== undefined && ![fault.operation].flat().includes(operation)) return false;
  if (fault.key !== undefined) {
    if (key === undefined) return false;
    if (typeof fault.key === 'string' ? fault.key !== key : !new RegExp(fault.key.source, fault.key.flags).test(key)) {
      return false;
    }
  }
  return fault.probability === undefined || Math.random() < fault.probability;
}
