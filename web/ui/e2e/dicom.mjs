/** Ultrasound objects that a check makes up: Explicit VR Little Endian, grey, with as much in them as the page reads. */

const LONG = new Set(["OB", "OW", "SQ", "UT"]);
const EVEN_WITH_SPACE = new Set(["CS", "LO", "PN", "SH", "DS", "IS", "DA", "TM"]);

function element(tag, vr, value) {
  let bytes = Buffer.isBuffer(value) ? value : Buffer.from(String(value), "utf8");
  if (bytes.length % 2) {
    bytes = Buffer.concat([bytes, Buffer.from(EVEN_WITH_SPACE.has(vr) ? " " : "\0")]);
  }
  const head = Buffer.alloc(LONG.has(vr) ? 12 : 8);
  head.writeUInt16LE(Number.parseInt(tag.slice(0, 4), 16), 0);
  head.writeUInt16LE(Number.parseInt(tag.slice(4), 16), 2);
  head.write(vr, 4, "latin1");
  if (LONG.has(vr)) {
    head.writeUInt32LE(bytes.length, 8);
  } else {
    head.writeUInt16LE(bytes.length, 6);
  }
  return Buffer.concat([head, bytes]);
}

const us = (...values) => {
  const bytes = Buffer.alloc(2 * values.length);
  for (const [at, value] of values.entries()) {
    bytes.writeUInt16LE(value, 2 * at);
  }
  return bytes;
};
const ul = (value) => {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes;
};
const fd = (value) => {
  const bytes = Buffer.alloc(8);
  bytes.writeDoubleLE(value);
  return bytes;
};

function item(elements) {
  const bytes = Buffer.concat(elements);
  const head = Buffer.from([0xfe, 0xff, 0x00, 0xe0, 0, 0, 0, 0]);
  head.writeUInt32LE(bytes.length, 4);
  return Buffer.concat([head, bytes]);
}

/** A region of tissue from `[x0, y0]` to `[x1, y1]`, both within, of so many cm a pixel. */
const region = ({ from: [x0, y0], to: [x1, y1], cm }) =>
  item([
    element("00186012", "US", us(1)),
    element("00186014", "US", us(1)),
    element("00186016", "UL", ul(0)),
    element("00186018", "UL", ul(x0)),
    element("0018601A", "UL", ul(y0)),
    element("0018601C", "UL", ul(x1)),
    element("0018601E", "UL", ul(y1)),
    element("00186024", "US", us(3)),
    element("00186026", "US", us(3)),
    element("0018602C", "FD", fd(cm)),
    element("0018602E", "FD", fd(cm)),
  ]);

const MULTI_FRAME = "1.2.840.10008.5.1.4.1.1.3.1";
const SINGLE = "1.2.840.10008.5.1.4.1.1.6.1";

/** A DICOM file; `frames` are its pixels, rows of `columns` grey values each, and `frameCount` how many it says they are. */
export function ultrasound({
  uid,
  name = "",
  id = "",
  date = "20260101",
  time = "120000",
  accession = "",
  description = "",
  modality = "US",
  series = 1,
  instance = 1,
  columns,
  rows,
  frames,
  frameCount = frames.length,
  frameTime,
  frameTimes,
  regions = [],
}) {
  const sopClass = frames.length > 1 ? MULTI_FRAME : SINGLE;
  const instanceUid = `${uid}.${series}.${instance}`;
  const pointer = frameTimes ? us(0x0018, 0x1065) : frameTime ? us(0x0018, 0x1063) : null;
  const when = (condition, ...elements) => (condition ? elements : []);
  const dataSet = Buffer.concat([
    element("00080005", "CS", "ISO_IR 192"),
    element("00080016", "UI", sopClass),
    element("00080018", "UI", instanceUid),
    element("00080020", "DA", date),
    element("00080030", "TM", time),
    element("00080050", "SH", accession),
    element("00080060", "CS", modality),
    element("00081030", "LO", description),
    element("00100010", "PN", name),
    element("00100020", "LO", id),
    element("00100030", "DA", "19790312"),
    element("00100040", "CS", "F"),
    ...when(frameTime, element("00181063", "DS", frameTime)),
    ...when(frameTimes, element("00181065", "DS", frameTimes?.join("\\"))),
    ...when(regions.length > 0, element("00186011", "SQ", Buffer.concat(regions.map(region)))),
    element("0020000D", "UI", uid),
    element("0020000E", "UI", `${uid}.${series}`),
    element("00200011", "IS", series),
    element("00200013", "IS", instance),
    element("00280002", "US", us(1)),
    element("00280004", "CS", "MONOCHROME2"),
    ...when(frameCount > 1, element("00280008", "IS", frameCount)),
    ...when(pointer !== null, element("00280009", "AT", pointer ?? Buffer.alloc(0))),
    element("00280010", "US", us(rows)),
    element("00280011", "US", us(columns)),
    element("00280100", "US", us(8)),
    element("00280101", "US", us(8)),
    element("00280102", "US", us(7)),
    element("00280103", "US", us(0)),
    element("7FE00010", "OB", Buffer.concat(frames)),
  ]);
  const meta = Buffer.concat([
    element("00020001", "OB", Buffer.from([0, 1])),
    element("00020002", "UI", sopClass),
    element("00020003", "UI", instanceUid),
    element("00020010", "UI", "1.2.840.10008.1.2.1"),
    element("00020012", "UI", "1.2.3.4.5"),
  ]);
  return Buffer.concat([
    Buffer.alloc(128),
    Buffer.from("DICM"),
    element("00020000", "UL", ul(meta.length)),
    meta,
    dataSet,
  ]);
}

/** Speckle with a bright square that goes across from frame to frame, and the number of the frame in sixteen bars above it. */
export function sweep({ columns, rows, count }) {
  return Array.from({ length: count }, (_, at) => {
    const frame = Buffer.alloc(columns * rows);
    let seed = 77 + at;
    for (let pixel = 0; pixel < frame.length; pixel += 1) {
      seed = (seed * 1103515245 + 12345) & 0x7fffffff;
      const depth = Math.floor(pixel / columns) / rows;
      frame[pixel] = ((seed >> 16) & 63) + 70 * (1 - depth);
    }
    const paint = (x0, y0, width, height, value) => {
      for (let y = y0; y < y0 + height; y += 1) {
        frame.fill(value, y * columns + x0, y * columns + x0 + width);
      }
    };
    for (let bit = 0; bit < 16; bit += 1) {
      paint(8 + bit * 12, 4, 10, 12, (at >> bit) & 1 ? 255 : 30);
    }
    paint(40 + Math.floor((at / count) * (columns - 120)), Math.floor(rows / 2), 40, 40, 8);
    return frame;
  });
}
