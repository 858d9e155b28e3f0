import type { ParticlesData } from '../particles_data';
import { shortNumber, withUnit, type Row } from './particle_rows';
import type { Column } from './table';

/** Headers as short as they may be; the whole title shows over them. */
const SHORT: Readonly<Record<string, string>> = {
  equivalent_diameter: 'diameter',
  feret_max: 'Feret max',
  feret_min: 'Feret min',
};
const IMAGE_WIDTH = 20;

export function columnsOf({ sets, measures }: ParticlesData): Column<Row>[] {
  const hasClasses = new Set(sets.flatMap(({ classes }) => classes)).size > 1;
  const hasScores = sets.some((set) => set.hasScores);
  const text = (title: string, value: (row: Row) => string, width?: number): Column<Row> => ({
    title,
    value,
    kind: 'text',
    ...(width === undefined ? {} : { width }),
  });
  return [
    ...(sets.length > 1 ? [text('set', ({ set }) => sets[set].name)] : []),
    text('image', ({ set, index }) => sets[set].images[sets[set].image[index]].name, IMAGE_WIDTH),
    { title: 'no.', value: ({ set, index }) => sets[set].number[index], kind: 'number', width: 10 },
    ...(hasClasses ? [text('class', ({ set, index }) => sets[set].classes[sets[set].class[index]])] : []),
    ...(hasScores
      ? [
          {
            title: 'confidence',
            value: ({ set, index }: Row) => (sets[set].hasScores ? sets[set].score[index] : null),
            kind: 'number' as const,
          },
        ]
      : []),
    ...measures.map(({ name, title, unit }, m): Column<Row> => {
      const value = ({ set, index }: Row): number => sets[set].values[m][index];
      return {
        title: withUnit(SHORT[name] ?? name.replaceAll('_', ' '), unit),
        hint: title,
        value,
        text: (row) => shortNumber(value(row)),
        kind: 'number',
      };
    }),
    text('border', ({ set, index }) => (sets[set].border[index] === 1 ? 'yes' : ''), 6),
  ];
}
