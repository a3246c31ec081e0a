import type { Circumstances, Patient } from "../exam/api";
import { birthFault } from "../exam/birth";
import { useWords } from "../words/words";
import { EarlierRow } from "./before";
import { useReview } from "./context";
import { Option, Row, TextField } from "./inputs";

const SEXES = ["F", "M", "O"] as const;
export const INDICATIONS = ["screening", "symptom", "follow_up"] as const;

/** Who is examined, and what is said of the examination as a whole. */
export function PatientForm() {
  const { say } = useWords();
  const { view, act } = useReview();
  const { patient, circumstances } = view.report;
  const setPatient = (part: Partial<Patient>): void => act({ act: "set_patient", patient: { ...patient, ...part } });
  const set = (part: Partial<Circumstances>): void =>
    act({ act: "set_circumstances", circumstances: { ...circumstances, ...part } });
  const text = (name: keyof Circumstances, lines = 1) => (
    <Row label={say(`exam_${name}`)}>
      <TextField
        label={say(`exam_${name}`)}
        value={circumstances[name]}
        lines={lines}
        onSay={(value) => set({ [name]: value })}
      />
    </Row>
  );
  const { indication } = circumstances;
  const free = (INDICATIONS as readonly string[]).includes(indication) ? "" : indication;
  return (
    <>
      <header className="form-head">
        <h2 className="title">{say("patient")}</h2>
      </header>
      <div className="fields">
        <Row label={say("patient_name")}>
          <TextField label={say("patient_name")} value={patient.name} onSay={(name) => setPatient({ name })} />
        </Row>
        <Row label={say("patient_id")}>
          <TextField label={say("patient_id")} value={patient.id} onSay={(id) => setPatient({ id })} />
        </Row>
        {view.report.comparison && <EarlierRow comparison={view.report.comparison} />}
        <Row label={say("patient_sex")}>
          {SEXES.map((sex) => (
            <Option
              key={sex}
              chosen={patient.sex === sex}
              standing="confirmed"
              onChoose={() => setPatient({ sex: patient.sex === sex ? "" : sex })}
            >
              {say(`sex_${sex}`)}
            </Option>
          ))}
        </Row>
        <Row label={say("patient_birth_date")}>
          <TextField
            label={say("patient_birth_date")}
            type="date"
            faultOf={(date) => birthFault(date, new Date())}
            value={patient.birth_date}
            onSay={(birth_date) => setPatient({ birth_date })}
          />
        </Row>
        {text("number")}
        <Row label={say("exam_indication")}>
          {INDICATIONS.map((each) => (
            <Option
              key={each}
              chosen={indication === each}
              standing="confirmed"
              onChoose={() => set({ indication: indication === each ? "" : each })}
            >
              {say(`indication_${each}`)}
            </Option>
          ))}
          <TextField
            label={say("indication_other")}
            placeholder={say("indication_other")}
            value={free}
            onSay={(value) => set({ indication: value })}
          />
        </Row>
        {text("history", 2)}
        {text("comparison")}
        {text("institution")}
        {text("device")}
      </div>
    </>
  );
}
