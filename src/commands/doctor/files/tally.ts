import { number } from '../../../shell/text';

const MAX_EXAMPLES = 3;

/** Counts things, and keeps the names of the first three. */
export class Tally {
  count = 0;
  private readonly examples: string[] = [];

  add(name: string): void {
    this.count += 1;
    if (this.examples.length < MAX_EXAMPLES) {
      this.examples.push(name);
    }
  }

  addAll({ count, examples }: Tally): void {
    this.count += count;
    this.examples.push(...examples.slice(0, MAX_EXAMPLES - this.examples.length));
  }

  /** `a.jpg, b.jpg, c.jpg and 1,234 more` */
  get shown(): string {
    const more = this.count - this.examples.length;
    return `${this.examples.join(', ')}${more > 0 ? ` and ${number(more)} more` : ''}`;
  }
}
