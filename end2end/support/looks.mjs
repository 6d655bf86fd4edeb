// The looks in which a page is checked: colour schemes and widths, all pairs of them or a covering array.

export const COLOURS = ['light', 'dark'];
export const WIDTHS = [1440, 320];

/** All pairs. */
export const ALL = WIDTHS.flatMap((width) => COLOURS.map((colours) => ({ colours, width })));

/** A look in words. */
export const inWords = ({ colours, width }) => `${colours}, ${width} px`;

/**
 * The looks of the nth page in a walk: each colour scheme and each width at least once, in as few looks as that takes.
 * The pairs move on from page to page, so that all of them have their turn.
 */
export function covering(nth, colours = COLOURS, widths = WIDTHS) {
  return Array.from({ length: Math.max(colours.length, widths.length) }, (_, at) => ({
    colours: colours[at % colours.length],
    width: widths[(at + nth) % widths.length],
  }));
}
