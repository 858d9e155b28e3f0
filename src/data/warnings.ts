const PLACES_SHOWN = 3;

/** The warnings of one command, counted by kind: of each kind only the first places are told. */
export class Warnings {
  private readonly kinds = new Map<string, { count: number; readonly places: string[] }>();

  /**
   * @param kind what is wrong and what was done about it, the same text for each place, e.g. "boxes that reach beyond
   * their image, cut off at its edge"
   * @param place where, e.g. "annotations[12] of train.json"
   */
  add(kind: string, place: string): void {
    const known = this.kinds.get(kind) ?? { count: 0, places: [] };
    known.count++;
    if (known.places.length < PLACES_SHOWN) {
      known.places.push(place);
    }
    this.kinds.set(kind, known);
  }

  /** One line for each kind, in the order in which the kinds were met: "KIND: 17 (FIRST, SECOND, THIRD, …)". */
  lines(): string[] {
    return [...this.kinds].map(([kind, { count, places }]) => {
      const more = count > places.length ? ', …' : '';
      return `${kind}: ${count} (${places.join(', ')}${more})`;
    });
  }
}
