/** An examination that answers as the program does, as far as the page can tell: acts, open fields, obstacles, words. */
import { createHash } from "node:crypto";

const FIELDS = [
  "place",
  "depth_mm",
  "size",
  "shape",
  "orientation",
  "margin",
  "echo",
  "posterior",
  "calcification",
  "boundary",
  "category",
  "advice",
];
const ORDER = ["1", "2", "3", "6", "0", "4", "4A", "4B", "4C", "5"];

const valueIn = (field) => (field.said ? field.said.value : field.proposed);
const isOpen = (field) => field.proposed !== null && field.said === null;
const keyOf = (word) => word.slice(word.indexOf(".") + 1).replaceAll("_", " ");

export class Refused extends Error {
  constructor(code, message, status = 409) {
    super(message);
    Object.assign(this, { code, status });
  }
}

export class Exam {
  constructor(report) {
    this.report = report;
    this.seq = 20;
    this.past = [];
    this.entries = [
      this.entry(null, "Lesion A was found", "发现病灶 A", report.began_ms + 60_000),
      this.entry(null, "Lesion B was found", "发现病灶 B", report.began_ms + 90_000),
      this.entry("Doctor 2 Mei", "A: shape confirmed", "A：形态已确认", report.began_ms + 400_000),
    ];
  }

  entry(by, en, zh, at_ms = Date.now()) {
    this.seq += 1;
    return { seq: this.seq, at_ms, by, what: { en, zh } };
  }

  act(act, by) {
    const { report } = this;
    if (report.signatures.length > 0 && act.act !== "add") {
      throw new Refused("signed", "the report is signed");
    }
    if (act.act === "sign" && !this.view().signable) {
      throw new Refused("obstacle", this.obstacles()[0].words.en);
    }
    this.past.push(structuredClone(report));
    const lesion = report.lesions.find((each) => each.lesion === act.lesion);
    const now = { by, at_ms: Date.now() };
    const acts = {
      set_patient: () => Object.assign(report, { patient: act.patient }),
      set_circumstances: () => Object.assign(report, { circumstances: act.circumstances }),
      set_probe: () => {},
      say: () => {
        if (act.word.field === "downgrade_reason") {
          lesion.downgrade_reason = act.word.value;
        } else {
          lesion[act.word.field].said = { value: act.word.value, ...now };
        }
      },
      confirm: () => {
        for (const name of act.fields.filter((each) => isOpen(lesion[each]))) {
          lesion[name].said = { value: lesion[name].proposed, ...now };
        }
      },
      set_examined: () => {
        report.breasts.find(({ side }) => side === act.side).examined.said = { value: act.examined, ...now };
      },
      dismiss: () => Object.assign(lesion, { dismissed: true }),
      restore: () => Object.assign(lesion, { dismissed: false }),
      release_plane: () => {
        for (const each of report.lesions) {
          each.planes = each.planes.filter(({ id }) => id !== act.plane);
        }
      },
      sign: () => {
        const sha256 = createHash("sha256").update(JSON.stringify(report)).digest("hex");
        const { name, role, licence } = act;
        report.signatures.push({
          version: report.signatures.length + 1,
          name,
          role,
          licence,
          at_ms: now.at_ms,
          sha256,
        });
      },
      add: () => report.addenda.push({ version: report.addenda.length + 2, text: act.text, ...now }),
    };
    acts[act.act]();
    const categories = report.lesions.filter((each) => !each.dismissed).map((each) => valueIn(each.category));
    report.overall = ORDER.findLast((category) => categories.includes(category)) ?? null;
    const what = act.act === "say" ? `${lesion.letter}: ${act.word.field}` : act.act.replaceAll("_", " ");
    this.entries.push(this.entry(by, what, what));
  }

  undo(by) {
    const before = this.past.pop();
    if (!before) {
      throw new Refused("nothing_to_undo", "nothing to undo");
    }
    this.report = before;
    this.entries.push(this.entry(by, "taken back", "已撤销"));
  }

  open() {
    return this.report.lesions
      .filter(({ dismissed }) => !dismissed)
      .flatMap((lesion) =>
        FIELDS.filter((name) => isOpen(lesion[name])).map((field) => ({ lesion: lesion.lesion, field })),
      );
  }

  obstacles() {
    const { report } = this;
    const obstacle = (code, en, zh, lesion = null, field = null) => ({ code, lesion, field, words: { en, zh } });
    const list = this.open().map(({ lesion, field }) =>
      obstacle("open", `${field} waits`, `${field} 待确认`, lesion, field),
    );
    if (!report.patient.name) {
      list.push(obstacle("no_patient", "Say who is examined", "请填写患者身份"));
    }
    if (report.lesions.length === 0 && !report.breasts.some(({ examined }) => valueIn(examined) === true)) {
      list.push(obstacle("nothing_examined", "Confirm which breast was examined", "请确认已检查的乳房"));
    }
    for (const { lesion, category, downgrade_reason, dismissed } of report.lesions) {
      const [machine, person] = [category.proposed, category.said?.value];
      const less = machine && person && /^[45]/.test(machine) && !/^[45]/.test(person);
      if (!dismissed && less && !downgrade_reason) {
        list.push(
          obstacle(
            "no_reason",
            "Say why the category is lower than proposed",
            "请说明下调分类的原因",
            lesion,
            "category",
          ),
        );
      }
    }
    return list;
  }

  view() {
    const obstacles = this.obstacles();
    return {
      report: this.report,
      narrative: { en: narrative(this.report, "en"), zh: narrative(this.report, "zh") },
      open: this.open(),
      obstacles,
      signable: obstacles.length === 0 && this.report.signatures.length === 0,
      history: this.entries.length,
      saved: true,
      seq: this.seq,
    };
  }
}

const run = (text, proposed = false) => ({ text, proposed });
const ZH = { left: "左", right: "右" };

function narrative(report, language) {
  const zh = language === "zh";
  const lesions = report.lesions.filter(({ dismissed }) => !dismissed);
  const paragraph = (lesion) => {
    const { letter, place, size, shape, echo, margin, category } = lesion;
    const at = valueIn(place);
    const axes = valueIn(size);
    const margins = (valueIn(margin) ?? []).map(keyOf).join(zh ? "、" : " and ");
    const where = at
      ? zh
        ? `${ZH[at.side]}乳 ${at.clock}，距乳头 ${at.from_nipple_mm / 10} cm`
        : `${at.clock}, ${at.from_nipple_mm / 10} cm from the nipple`
      : "";
    const runs = [
      run(`${letter}${zh ? "：" : ": "}`),
      run(
        `${keyOf(valueIn(shape) ?? "")} ${keyOf(valueIn(echo) ?? "")} ${zh ? "肿块" : "mass"}`,
        isOpen(shape) || isOpen(echo),
      ),
      run(zh ? `，位于${where}，` : ` at ${where}, `),
      run(
        axes ? `${Math.round(axes.long)} × ${Math.round(axes.short)} × ≈${Math.round(axes.third?.extent ?? 0)} mm` : "",
        isOpen(size),
      ),
      run(zh ? `，边缘 ${margins}。` : `, margin ${margins}. `, isOpen(margin)),
      run(zh ? `BI-RADS ${valueIn(category)}类。` : `BI-RADS ${valueIn(category)}.`, isOpen(category)),
    ];
    return { lesion: lesion.lesion, runs };
  };
  const of = (side) => lesions.filter(({ place }) => valueIn(place)?.side === side).map(paragraph);
  const section = (key, heading, paragraphs) => ({ key, heading, paragraphs });
  return {
    sections: [
      section("findings_right", zh ? "右乳" : "Right breast", of("right")),
      section("findings_left", zh ? "左乳" : "Left breast", of("left")),
      section("impression", zh ? "印象" : "Impression", [
        {
          lesion: null,
          runs: [run(zh ? `总评 BI-RADS ${report.overall ?? "–"}类。` : `Overall BI-RADS ${report.overall ?? "–"}.`)],
        },
      ]),
      section("limits", zh ? "局限" : "Limits", [
        {
          lesion: null,
          runs: [
            run(
              zh
                ? "模拟图像：未扫查任何人。第三径由散斑模拟得出。"
                : "Simulated pictures: nobody was scanned. The third axis is simulated from speckle.",
            ),
          ],
        },
      ]),
    ].filter(({ paragraphs }) => paragraphs.length > 0),
  };
}
