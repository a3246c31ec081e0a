/** An invented examination: nobody was scanned, no figure of it was measured. */

const proposed = (value) => ({ proposed: value, said: null });
const said = (value, machine = value) => ({
  proposed: machine,
  said: { value, by: "Doctor 2 Mei", at_ms: BEGAN + 400_000 },
});

const BEGAN = Date.now() - 22 * 60_000;

const circle = (cx, cy, rx, ry, edge = 0) =>
  Array.from({ length: 40 }, (_, index) => {
    const angle = (index / 40) * 2 * Math.PI;
    const wave = 1 + edge * Math.sin(angle * 7);
    return [cx + rx * wave * Math.cos(angle), cy + ry * wave * Math.sin(angle)];
  });

const mm = (long, short, third, error) => ({
  long,
  short,
  third: { extent: third, error, simulated: true },
  unit: "mm",
});

const plane = (id, lesion, reason, size, edge) => ({
  id,
  lesion,
  reason,
  picture_px: [400, 300],
  contour_px: lesion === null ? [] : circle(200, 140, 52, 40, edge),
  size,
  time_ms: 1000 * id,
});

const PATIENT = { id: "P-2041873", name: "Demo 01", sex: "F", birth_date: "1979-03-02" };
const CIRCUMSTANCES = {
  institution: "Town A Health Centre",
  number: "US-26-118204",
  indication: "screening",
  history: "",
  device: "Virtual transducer",
  comparison: "",
};

const lesionA = {
  lesion: 1,
  letter: "A",
  dismissed: false,
  place: said({ side: "left", clock: "10:30", from_nipple_mm: 40 }),
  depth_mm: said(8.2),
  size: proposed(mm(10.4, 9.4, 10.1, 2)),
  shape: said("shape.irregular"),
  orientation: said("orientation.parallel"),
  margin: said(["margin.indistinct", "margin.angular"]),
  echo: said("echo.hypoechoic", "echo.isoechoic"),
  posterior: proposed("posterior.none"),
  calcification: said(["calcification.none"], null),
  boundary: proposed(null),
  malignancy: { estimate: 0.62, interval: [0.48, 0.75] },
  category: proposed("4C"),
  downgrade_reason: "",
  advice: proposed("core_biopsy"),
  volume_cm3: [0.5, 0.2],
  sightings: 212,
  planes: [
    plane(1, 1, "largest", mm(10.4, 9.4, 10.1, 2), 0.09),
    plane(2, 1, "across", mm(10.0, 8.8, 10.1, 2), 0.07),
    plane(3, 1, "features", null, 0.1),
  ],
};

const lesionB = {
  ...lesionA,
  lesion: 2,
  letter: "B",
  place: said({ side: "left", clock: "1:30", from_nipple_mm: 60 }),
  depth_mm: said(11),
  size: said(mm(6.1, 4.9, 6, 1)),
  shape: said("shape.oval"),
  margin: said(["margin.circumscribed"]),
  echo: said("echo.hypoechoic"),
  posterior: said("posterior.none"),
  malignancy: { estimate: 0.02, interval: [0.01, 0.06] },
  category: said("3"),
  advice: said("short_follow_up"),
  volume_cm3: [0.11, 0.2],
  planes: [plane(4, 2, "largest", mm(6.1, 4.9, 6, 1), 0)],
};

const lesionC = {
  ...lesionB,
  lesion: 3,
  letter: "C",
  place: said({ side: "right", clock: "9:00", from_nipple_mm: 30 }),
  size: said(mm(7.3, 4.2, 7, 1)),
  echo: said("echo.anechoic"),
  posterior: said("posterior.enhancement"),
  malignancy: { estimate: 0.01, interval: [0, 0.02] },
  category: said("2"),
  advice: said("routine"),
  planes: [plane(5, 3, "largest", mm(7.3, 4.2, 7, 1), 0)],
};

const breast = (side, coverage, category, examined) => ({ side, scanned_s: 184, coverage, examined, category });

export function demo01() {
  return structuredClone({
    examination: "demo-01",
    lexicon_edition: "birads_5",
    patient: PATIENT,
    circumstances: CIRCUMSTANCES,
    began_ms: BEGAN,
    simulated: true,
    breasts: [breast("right", 0.97, "2", said(true, null)), breast("left", 0.95, "4C", said(true, null))],
    lesions: [lesionC, lesionA, lesionB],
    planes: [],
    scale_source: "phantom",
    quality: [{ code: "contact_lost", times: 3, seconds: 4.5 }],
    machine: { model: "peony-us", version: "0.3.0", sha256: "7f3a09be5522c1", engine: "onnxruntime/openvino bf16" },
    overall: "4C",
    signatures: [],
    addenda: [],
  });
}

/** A report without anything in it yet. */
export function nothingYet(id, { patient, circumstances }) {
  return {
    ...demo01(),
    examination: id,
    patient,
    circumstances,
    began_ms: Date.now(),
    simulated: false,
    breasts: [breast("right", null, null, proposed(null)), breast("left", null, null, proposed(null))],
    lesions: [],
    machine: null,
    overall: null,
  };
}

/** Others for the list; only their rows are seen. */
export const OTHERS = [
  ["Demo 02", "F", "1968-07-19", "US-26-118203", 1, "3", "open", 2],
  ["Demo 03 with a rather long name, as some have", "F", "1973-11-30", "US-26-118199", 0, "1", "signed", 5],
  ["Demo 04", "F", "1981-05-05", "US-26-118187", 2, "4A", "signed", 26],
  ["Demo 05", "F", "1959-01-22", "US-26-118170", 1, "2", "signed", 29],
  ["Demo 06", "F", "1964-09-14", "", 1, "5", "signed", 50],
  ["", "", "", "", 0, null, "unreadable", 60],
  ["Demo 07", "M", "1977-02-08", "US-26-118020", 1, "0", "signed", 74],
].map(([name, sex, birth_date, number, lesions, category, status, hours], index) => ({
  id: `other-${index}`,
  began_ms: Date.now() - hours * 3_600_000,
  status,
  patient: { id: `P-20418${40 + index}`, name, sex, birth_date },
  number,
  lesions,
  category,
  live: false,
  simulated: index === 3,
  fault: null,
}));
