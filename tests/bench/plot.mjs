// Bars and lines as SVG, readable on light and dark pages.

const WIDTH = 760;
const HEIGHT = 300;
const [LEFT, RIGHT, TOP, BOTTOM] = [50, 10, 56, 34];
const COLOURS = ["#2f6fde", "#d9822b", "#4f9d69", "#a25ddc", "#c2455b", "#8a8f98"];

/** How a line is drawn that bars are held against. */
const MARK = 'stroke="#888" stroke-width="2" stroke-dasharray="4 2"';

const escaped = (text) => String(text).replaceAll("&", "&amp;").replaceAll("<", "&lt;");
const text = (x, y, content, anchor = "middle") =>
  `<text x="${x.toFixed(1)}" y="${y.toFixed(1)}" text-anchor="${anchor}">${escaped(content)}</text>`;

/** A round number that is not below the largest value. */
function ceiling(largest) {
  const power = 10 ** Math.floor(Math.log10(largest));
  return [1, 1.5, 2, 3, 4, 5, 7.5, 10].map((step) => step * power).find((top) => top >= largest);
}

function frame(title, names, top, content, marked) {
  const height = (value) => TOP + (HEIGHT - TOP - BOTTOM) * (1 - value / top);
  const ticks = [0, 0.25, 0.5, 0.75, 1].map((share) => share * top);
  const scale = ticks.map(
    (tick) =>
      `<line x1="${LEFT}" x2="${WIDTH - RIGHT}" y1="${height(tick)}" y2="${height(tick)}" stroke="#8884"/>` +
      text(LEFT - 6, height(tick) + 4, Number(tick.toPrecision(3)), "end"),
  );
  let at = LEFT;
  const legend = names.map((name, index) => {
    const x = at;
    at += 24 + name.length * 6.4;
    const sign =
      name === marked
        ? `<line x1="${x}" x2="${x + 10}" y1="37" y2="37" ${MARK}/>`
        : `<rect x="${x}" y="32" width="10" height="10" fill="${COLOURS[index % COLOURS.length]}"/>`;
    return sign + text(x + 14, 41, name, "start");
  });
  const style = "text { font: 11px sans-serif; fill: #888 } .title { font-size: 13px }";
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img"><title>${escaped(title)}</title><style>${style}</style><text class="title" x="${LEFT}" y="18">${escaped(title)}</text>${scale.join("")}${legend.join("")}${content(height).join("")}</svg>\n`;
}

/**
 * Bars in groups; a bar that goes beyond three times the first series' largest is cut and says its value. Across
 * each group goes a line at the group's value of `mark`, if there is one.
 */
export function bars({ title, groups, series, mark }) {
  const known = (values) => values.filter((value) => value !== undefined);
  const all = known(series.flatMap(({ values }) => values));
  const largest = Math.max(1e-9, ...all);
  const usual = Math.max(1e-9, ...known(series[0]?.values ?? []));
  const top = ceiling(series.length > 1 ? Math.min(largest, usual * 3) : largest);
  const room = (WIDTH - LEFT - RIGHT) / Math.max(1, groups.length);
  const width = Math.min(40, (room * 0.85) / Math.max(1, series.length));
  return frame(
    title,
    [...series, ...(mark === undefined ? [] : [mark])].map(({ name }) => name),
    top,
    (height) =>
      groups.flatMap((group, at) => {
        const start = LEFT + room * at + (room - width * series.length) / 2;
        const label = text(LEFT + room * (at + 0.5), HEIGHT - 12, group);
        const drawn = series.flatMap(({ values }, index) => {
          const value = values[at];
          if (value === undefined) {
            return [];
          }
          const y = height(Math.min(value, top));
          const x = start + width * index;
          return [
            `<rect x="${x.toFixed(1)}" y="${y.toFixed(1)}" width="${(width - 2).toFixed(1)}" height="${(height(0) - y).toFixed(1)}" fill="${COLOURS[index % COLOURS.length]}"/>`,
            text(x + width / 2 - 1, y - 3, value >= 100 ? value.toFixed(0) : value.toPrecision(2)),
          ];
        });
        const level = mark?.values[at];
        const y = height(Math.min(level ?? 0, top)).toFixed(1);
        const across = `x1="${(LEFT + room * at + 4).toFixed(1)}" x2="${(LEFT + room * (at + 1) - 4).toFixed(1)}"`;
        const line = level === undefined ? [] : [`<line ${across} y1="${y}" y2="${y}" ${MARK}/>`];
        return [label, ...drawn, ...line];
      }),
    mark?.name,
  );
}

/** Lines through points. */
export function lines({ title, series }) {
  const points = series.flatMap((each) => each.points);
  const [right, top] = [0, 1].map((axis) => ceiling(Math.max(1e-9, ...points.map((point) => point[axis]))));
  const across = (x) => LEFT + ((WIDTH - LEFT - RIGHT) * x) / right;
  return frame(
    title,
    series.map(({ name }) => name),
    top,
    (height) => [
      ...series.map(({ points: own }, index) => {
        const path = own.map(([x, y]) => `${across(x).toFixed(1)},${height(y).toFixed(1)}`).join(" ");
        return `<polyline points="${path}" fill="none" stroke="${COLOURS[index % COLOURS.length]}" stroke-width="2"/>`;
      }),
      ...[0, 0.25, 0.5, 0.75, 1].map((share) =>
        text(across(share * right), HEIGHT - 12, Number((share * right).toPrecision(3))),
      ),
    ],
  );
}
