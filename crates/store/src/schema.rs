//! The tables of the index, the same for both databases.
//!
//! What SQLite and PostgreSQL spell differently is a word in braces: `{id}` for a number that the database gives, `{text}` for text that is
//! compared byte by byte, so that a range of it is a prefix. Times are in milliseconds since 1970 UTC; what is absent is an empty text or 0.

use sqlx::{AnyConnection, AnyPool, AssertSqlSafe};

/// Which database the index is in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Dialect {
    Sqlite,
    Postgres,
}

/// A step, and what of it one of the databases alone needs.
struct Step {
    common: &'static [&'static str],
    sqlite: &'static [&'static str],
    postgres: &'static [&'static str],
}

/// In order; a step that was released is never changed.
const STEPS: &[Step] = &[
    FIRST,
    ORDERS,
    SENDING,
    ACCESS,
    ORDERS_OF_SITES,
    PATIENTS_OF_SITES,
    NODES_OF_JOBS,
    JOINED_NAMES,
    NAMES_AS_SENT,
    SENDERS_ASIDE,
    PARTED_STUDIES,
    ORDERS_BY_START,
    STEPS_OF_ORDERS,
    SAID_IN_STUDIES,
];

const FIRST: Step = Step {
    common: &[
        // A patient without an identifier is one of their own for each study: `apart` is its UID, and else their site. `root` is the patient
        // that this one was merged into, or itself.
        "CREATE TABLE patients (id {id}, patient_id {text} NOT NULL, issuer {text} NOT NULL, apart {text} NOT NULL,
            name_key {text} NOT NULL, birth_date {text} NOT NULL, sex {text} NOT NULL, attributes {text} NOT NULL,
            root BIGINT NOT NULL DEFAULT 0, merged_into BIGINT NOT NULL DEFAULT 0,
            UNIQUE (patient_id, issuer, apart))",
        "CREATE INDEX patients_merged ON patients (merged_into) WHERE merged_into <> 0",
        // Of each component group of a name, the whole (kind 0) and its words (kind 1).
        "CREATE TABLE names (kind BIGINT NOT NULL, name_key {text} NOT NULL, patient BIGINT NOT NULL REFERENCES patients (id),
            PRIMARY KEY (kind, name_key, patient))",
        "CREATE INDEX names_patient ON names (patient, kind, name_key)",
        // `patient` is whose it is now, `own_patient` whose it was when it came.
        "CREATE TABLE studies (id {id}, uid {text} NOT NULL UNIQUE, patient BIGINT NOT NULL REFERENCES patients (id),
            own_patient BIGINT NOT NULL REFERENCES patients (id), study_date {text} NOT NULL, study_time {text} NOT NULL,
            accession {text} NOT NULL, study_id {text} NOT NULL, referring_key {text} NOT NULL, description {text} NOT NULL,
            attributes {text} NOT NULL, modalities {text} NOT NULL, series_count BIGINT NOT NULL DEFAULT 0,
            instance_count BIGINT NOT NULL DEFAULT 0, first_at BIGINT NOT NULL, last_at BIGINT NOT NULL,
            complete_at BIGINT NOT NULL DEFAULT 0)",
        "CREATE INDEX studies_patient ON studies (patient, study_date, id)",
        "CREATE INDEX studies_own_patient ON studies (own_patient)",
        "CREATE INDEX studies_date ON studies (study_date, id)",
        "CREATE INDEX studies_accession ON studies (accession)",
        "CREATE INDEX studies_open ON studies (last_at) WHERE complete_at = 0",
        "CREATE TABLE series (id {id}, uid {text} NOT NULL, study BIGINT NOT NULL REFERENCES studies (id),
            modality {text} NOT NULL, series_number {text} NOT NULL, series_date {text} NOT NULL, series_time {text} NOT NULL,
            body_part {text} NOT NULL, laterality {text} NOT NULL, description {text} NOT NULL, step_date {text} NOT NULL,
            step_time {text} NOT NULL, attributes {text} NOT NULL, instance_count BIGINT NOT NULL DEFAULT 0, UNIQUE (study, uid))",
        "CREATE INDEX series_uid ON series (uid)",
        "CREATE TABLE instances (id {id}, uid {text} NOT NULL UNIQUE, series BIGINT NOT NULL REFERENCES series (id),
            sop_class {text} NOT NULL, instance_number {text} NOT NULL, content_date {text} NOT NULL, attributes {text} NOT NULL,
            digest {text} NOT NULL, size BIGINT NOT NULL, transfer_syntax {text} NOT NULL, data_set BIGINT NOT NULL,
            frame_count BIGINT NOT NULL, frames {text} NOT NULL, blocks {text} NOT NULL, origin {text} NOT NULL,
            arrived_at BIGINT NOT NULL)",
        "CREATE INDEX instances_series ON instances (series, id)",
        "CREATE INDEX instances_digest ON instances (digest)",
        // Another object under a UID that is taken: kept, and shown to a person. Rejected is what a person decided that it is not handed out.
        "CREATE TABLE aside (id {id}, instance_uid {text} NOT NULL, study_uid {text} NOT NULL, series_uid {text} NOT NULL,
            digest {text} NOT NULL, size BIGINT NOT NULL, blocks {text} NOT NULL, kept_digest {text} NOT NULL, origin {text} NOT NULL,
            arrived_at BIGINT NOT NULL, rejected_at BIGINT NOT NULL DEFAULT 0, rejected_by {text} NOT NULL DEFAULT '',
            UNIQUE (instance_uid, digest))",
        "CREATE INDEX aside_digest ON aside (digest)",
        "CREATE TABLE conflicts (id {id}, patient BIGINT NOT NULL REFERENCES patients (id), study BIGINT NOT NULL REFERENCES studies (id),
            tag {text} NOT NULL, kept {text} NOT NULL, other {text} NOT NULL, at BIGINT NOT NULL,
            settled_at BIGINT NOT NULL DEFAULT 0, settled_by {text} NOT NULL DEFAULT '', UNIQUE (study, tag, other))",
        "CREATE TABLE merges (id {id}, source BIGINT NOT NULL REFERENCES patients (id), target BIGINT NOT NULL REFERENCES patients (id),
            at BIGINT NOT NULL, who {text} NOT NULL, undone_at BIGINT NOT NULL DEFAULT 0, undone_by {text} NOT NULL DEFAULT '')",
        "CREATE TABLE events (id {id}, at BIGINT NOT NULL, kind {text} NOT NULL, study_uid {text} NOT NULL,
            series_uid {text} NOT NULL, instance_uid {text} NOT NULL)",
        "CREATE TABLE jobs (id {id}, kind {text} NOT NULL, payload {text} NOT NULL, state {text} NOT NULL,
            due_at BIGINT NOT NULL, tries BIGINT NOT NULL DEFAULT 0, fault {text} NOT NULL DEFAULT '')",
        "CREATE INDEX jobs_due ON jobs (kind, due_at, id) WHERE state = 'open'",
        "CREATE TABLE audit (id {id}, at BIGINT NOT NULL, who {text} NOT NULL, act {text} NOT NULL, what {text} NOT NULL)",
    ],
    sqlite: &[
        "CREATE TRIGGER audit_kept BEFORE UPDATE ON audit BEGIN SELECT RAISE(ABORT, 'the audit is append-only'); END",
        "CREATE TRIGGER audit_stays BEFORE DELETE ON audit BEGIN SELECT RAISE(ABORT, 'the audit is append-only'); END",
    ],
    postgres: &[
        "CREATE FUNCTION audit_is_append_only() RETURNS trigger LANGUAGE plpgsql AS
            $$ BEGIN RAISE EXCEPTION 'the audit is append-only'; END $$",
        "CREATE TRIGGER audit_kept BEFORE UPDATE OR DELETE OR TRUNCATE ON audit
            FOR EACH STATEMENT EXECUTE FUNCTION audit_is_append_only()",
    ],
};

/// What is ordered, what is performed, and what others were asked to keep.
const ORDERS: Step = Step {
    common: &[
        // `start_at` is date and time, one after the other; `item` is an item of a worklist without the status of its step.
        "CREATE TABLE orders (id {id}, step_id {text} NOT NULL UNIQUE, study_uid {text} NOT NULL, accession {text} NOT NULL,
            start_at {text} NOT NULL, state {text} NOT NULL, item {text} NOT NULL, at BIGINT NOT NULL)",
        "CREATE INDEX orders_open ON orders (id) WHERE state IN ('scheduled', 'started')",
        "CREATE TABLE performed_steps (id {id}, uid {text} NOT NULL UNIQUE, state {text} NOT NULL, attributes {text} NOT NULL,
            origin {text} NOT NULL, began_at BIGINT NOT NULL, changed_at BIGINT NOT NULL)",
        "CREATE TABLE commitments (id {id}, transaction_uid {text} NOT NULL UNIQUE, peer {text} NOT NULL, instances {text} NOT NULL,
            asked_at BIGINT NOT NULL, answered_at BIGINT NOT NULL DEFAULT 0, not_kept {text} NOT NULL DEFAULT '')",
    ],
    sqlite: &[],
    postgres: &[],
};

/// What of a job is done, and when it was put there and taken; orders as workitems.
const SENDING: Step = Step {
    common: &[
        // `taken_at` is 0 where no worker has it.
        "ALTER TABLE jobs ADD COLUMN at BIGINT NOT NULL DEFAULT 0",
        "ALTER TABLE jobs ADD COLUMN taken_at BIGINT NOT NULL DEFAULT 0",
        "ALTER TABLE jobs ADD COLUMN progress {text} NOT NULL DEFAULT ''",
        "CREATE INDEX jobs_kind ON jobs (kind, id)",
        // `transaction_uid` is by which somebody claimed it, empty where nobody did so.
        "ALTER TABLE orders ADD COLUMN workitem_uid {text} NOT NULL DEFAULT ''",
        "ALTER TABLE orders ADD COLUMN transaction_uid {text} NOT NULL DEFAULT ''",
        "CREATE INDEX orders_workitem ON orders (workitem_uid)",
    ],
    // Orders of an earlier version get a number that nobody else has, too.
    sqlite: &["UPDATE orders SET workitem_uid = '2.25.' || (abs(random() / 2) + 4611686018427387904) || id"],
    postgres: &[
        "UPDATE orders SET workitem_uid = '2.25.' || (floor(random() * 4e18)::BIGINT + 4611686018427387904) || id",
    ],
};

/// Who may ask, what they prove it with, and whose studies are. Passwords are kept as argon2id's own text, everything else that is secret as its
/// SHA-256.
const ACCESS: Step = Step {
    common: &[
        "CREATE TABLE sites (id {id}, name {text} NOT NULL UNIQUE, made_at BIGINT NOT NULL)",
        // What comes from this title is of the site.
        "CREATE TABLE site_senders (ae_title {text} NOT NULL PRIMARY KEY, site {text} NOT NULL REFERENCES sites (name))",
        // `roles` and `sites` are words with spaces between; `issuer` and `subject` are who a provider of OpenID Connect says it is.
        "CREATE TABLE accounts (id {id}, name {text} NOT NULL UNIQUE, display {text} NOT NULL, roles {text} NOT NULL,
            sites {text} NOT NULL, password {text} NOT NULL, issuer {text} NOT NULL, subject {text} NOT NULL, made_at BIGINT NOT NULL,
            disabled_at BIGINT NOT NULL DEFAULT 0)",
        "CREATE UNIQUE INDEX accounts_subject ON accounts (issuer, subject) WHERE subject <> ''",
        "CREATE TABLE sessions (id {id}, digest {text} NOT NULL UNIQUE, account BIGINT NOT NULL REFERENCES accounts (id),
            began_at BIGINT NOT NULL, seen_at BIGINT NOT NULL, ends_at BIGINT NOT NULL)",
        "CREATE INDEX sessions_account ON sessions (account)",
        "CREATE TABLE api_tokens (id {id}, digest {text} NOT NULL UNIQUE, account BIGINT NOT NULL REFERENCES accounts (id),
            label {text} NOT NULL, made_at BIGINT NOT NULL, used_at BIGINT NOT NULL DEFAULT 0, ends_at BIGINT NOT NULL,
            revoked_at BIGINT NOT NULL DEFAULT 0)",
        "CREATE INDEX api_tokens_account ON api_tokens (account)",
        // The name of a site, empty for none.
        "ALTER TABLE studies ADD COLUMN site {text} NOT NULL DEFAULT ''",
    ],
    sqlite: &[],
    postgres: &[],
};

/// Whose orders are, and whose what is performed of them: the name of a site, empty for none.
const ORDERS_OF_SITES: Step = Step {
    common: &[
        "ALTER TABLE orders ADD COLUMN site {text} NOT NULL DEFAULT ''",
        "ALTER TABLE performed_steps ADD COLUMN site {text} NOT NULL DEFAULT ''",
    ],
    sqlite: &[],
    postgres: &[],
};

/// Whose patients, objects kept aside and jobs are: the name of a site, empty for none. A patient was one of all sites where somebody said who
/// issued the identifier; now each site has its own, and what it does not know of them yet is an empty `attributes`, which
/// [`read_again`](crate::arrival::read_again) fills from the site's own objects.
const PATIENTS_OF_SITES: Step = Step {
    common: &[
        // `local_root` is the patient that this one was merged into within the site, or itself; `local_patient` the same of a study.
        "ALTER TABLE patients ADD COLUMN site {text} NOT NULL DEFAULT ''",
        "ALTER TABLE patients ADD COLUMN local_root BIGINT NOT NULL DEFAULT 0",
        "ALTER TABLE studies ADD COLUMN local_patient BIGINT NOT NULL DEFAULT 0",
        "ALTER TABLE aside ADD COLUMN site {text} NOT NULL DEFAULT ''",
        "ALTER TABLE jobs ADD COLUMN site {text} NOT NULL DEFAULT ''",
        // What is known of a patient is what their first study said.
        "UPDATE patients SET site = COALESCE((SELECT s.site FROM studies s WHERE s.own_patient = patients.id ORDER BY s.id LIMIT 1),
            CASE WHEN patient_id <> '' AND issuer = '' THEN apart ELSE '' END)",
        "UPDATE patients SET apart = site WHERE patient_id <> '' AND issuer <> ''",
        "INSERT INTO patients (patient_id, issuer, apart, name_key, birth_date, sex, attributes, merged_into, site)
            SELECT DISTINCT p.patient_id, p.issuer, s.site, '', '', '', '', p.merged_into, s.site FROM studies s
            JOIN patients p ON p.id = s.own_patient WHERE p.patient_id <> '' AND p.issuer <> '' AND p.site <> s.site",
        "UPDATE patients SET root = CASE merged_into WHEN 0 THEN id ELSE (SELECT t.root FROM patients t WHERE t.id = patients.merged_into) END
            WHERE root = 0",
        // Who was said to be somebody else is so at every site.
        "INSERT INTO merges (source, target, at, who) SELECT n.id, m.target, m.at, m.who FROM merges m
            JOIN patients p ON p.id = m.source JOIN patients n ON n.patient_id = p.patient_id AND n.issuer = p.issuer
            WHERE m.undone_at = 0 AND n.attributes = ''",
        "UPDATE conflicts SET patient = (SELECT n.id FROM patients p, studies s, patients n WHERE p.id = conflicts.patient
                AND s.id = conflicts.study AND n.patient_id = p.patient_id AND n.issuer = p.issuer AND n.apart = s.site)
            WHERE EXISTS (SELECT 1 FROM patients p, studies s, patients n WHERE p.id = conflicts.patient AND s.id = conflicts.study
                AND s.own_patient = p.id AND n.patient_id = p.patient_id AND n.issuer = p.issuer AND n.apart = s.site AND n.attributes = '')",
        "UPDATE studies SET own_patient = (SELECT n.id FROM patients p JOIN patients n ON n.patient_id = p.patient_id AND n.issuer = p.issuer
                AND n.apart = studies.site WHERE p.id = studies.own_patient)
            WHERE EXISTS (SELECT 1 FROM patients p WHERE p.id = studies.own_patient AND p.patient_id <> '' AND p.issuer <> ''
                AND p.site <> studies.site)",
        "UPDATE studies SET patient = (SELECT p.root FROM patients p WHERE p.id = studies.own_patient)
            WHERE own_patient IN (SELECT id FROM patients WHERE attributes = '')",
        "UPDATE patients SET local_root = id",
        "UPDATE patients SET local_root = (WITH RECURSIVE up (id, steps) AS (SELECT patients.id, 0 UNION ALL
                SELECT q.id, u.steps + 1 FROM up u JOIN patients p ON p.id = u.id JOIN patients q ON q.id = p.merged_into AND q.site = p.site)
            SELECT up.id FROM up ORDER BY up.steps DESC LIMIT 1) WHERE merged_into <> 0",
        "UPDATE studies SET local_patient = (SELECT p.local_root FROM patients p WHERE p.id = studies.own_patient)",
        "CREATE INDEX studies_local_patient ON studies (local_patient)",
        // Of merges across sites: few, and looked into for every patient who is found.
        "CREATE INDEX studies_elsewhere ON studies (patient) WHERE patient <> local_patient",
        "CREATE INDEX patients_unread ON patients (id) WHERE attributes = ''",
        "UPDATE aside SET site = COALESCE((SELECT s.site FROM studies s WHERE s.uid = aside.study_uid), (SELECT s.site FROM instances i
            JOIN series e ON e.id = i.series JOIN studies s ON s.id = e.study WHERE i.uid = aside.instance_uid), '')",
        "CREATE INDEX conflicts_open ON conflicts (id) WHERE settled_at = 0",
        "CREATE INDEX aside_open ON aside (id) WHERE rejected_at = 0",
    ],
    // The study that a job is about is one of the texts of its JSON.
    sqlite: &[
        "UPDATE jobs SET site = COALESCE((SELECT s.site FROM studies s WHERE s.uid =
            CASE WHEN json_valid(jobs.payload) THEN json_extract(jobs.payload, '$.study_uid') END), '') WHERE kind = 'send'",
    ],
    postgres: &[
        r#"UPDATE jobs SET site = COALESCE((SELECT s.site FROM studies s WHERE s.uid =
            split_part(split_part(jobs.payload, '"study_uid":"', 2), '"', 1)), '') WHERE kind = 'send'"#,
    ],
};

/// With which other node each job is done: one that does not answer holds up no other.
const NODES_OF_JOBS: Step = Step {
    common: &["ALTER TABLE jobs ADD COLUMN node {text} NOT NULL DEFAULT ''"],
    sqlite: &[
        "UPDATE jobs SET node = COALESCE(json_extract(payload, '$.to'), json_extract(payload, '$.from'), '')
            WHERE state = 'open' AND json_valid(payload)",
    ],
    postgres: &["UPDATE jobs SET node = COALESCE(payload::json ->> 'to', payload::json ->> 'from', '')
            WHERE state = 'open' AND payload LIKE '{%}'"],
};

/// Names in scripts without spaces are found as people write them too: without what stands between their components.
const JOINED_NAMES: Step = Step {
    common: &[
        // From the first of the kana on: those that `name::joined` has, and a few of other scripts that nobody looks for so.
        "INSERT INTO names (kind, name_key, patient)
            SELECT k.kind, replace(replace(n.name_key, '^', ''), ' ', ''), n.patient FROM names n, (SELECT 0 AS kind UNION SELECT 1) k
            WHERE n.kind = 0 AND n.name_key >= '\u{3040}' AND (n.name_key LIKE '%^%' OR n.name_key LIKE '% %')
            ON CONFLICT DO NOTHING",
    ],
    sqlite: &[],
    postgres: &[],
};

/// What is compared without case and accents is shown as it came. What was said first is with the patient; an empty text is a contradiction of before,
/// or one of something that is shown as it is compared.
const NAMES_AS_SENT: Step = Step {
    common: &["ALTER TABLE conflicts ADD COLUMN other_sent {text} NOT NULL DEFAULT ''"],
    sqlite: &[],
    postgres: &[],
};

/// A study that contradicts what was said of its patient is of a patient of its own, and so is one of which a person says that it is somebody else's.
/// Studies that contradicted before are read anew, which [`read_again`](crate::arrival::read_again) does.
const PARTED_STUDIES: Step = Step {
    common: &[
        // `parted_from` is the patient whose identifier one of a single study has as well, 0 of all others; `apart` is that study's UID.
        "ALTER TABLE patients ADD COLUMN parted_from BIGINT NOT NULL DEFAULT 0",
        "CREATE INDEX patients_parted ON patients (parted_from) WHERE parted_from <> 0",
        // `source` is whose the study would be by its identifier, `target` whose it is.
        "CREATE TABLE partings (id {id}, study BIGINT NOT NULL REFERENCES studies (id), source BIGINT NOT NULL REFERENCES patients (id),
            target BIGINT NOT NULL REFERENCES patients (id), at BIGINT NOT NULL, who {text} NOT NULL,
            undone_at BIGINT NOT NULL DEFAULT 0, undone_by {text} NOT NULL DEFAULT '')",
        "CREATE INDEX partings_open ON partings (target) WHERE undone_at = 0",
        // By which parting it was settled, 0 where by none.
        "ALTER TABLE conflicts ADD COLUMN parting BIGINT NOT NULL DEFAULT 0",
        "CREATE TABLE studies_unread (study BIGINT NOT NULL PRIMARY KEY REFERENCES studies (id))",
        "INSERT INTO studies_unread (study) SELECT DISTINCT c.study FROM conflicts c JOIN studies s ON s.id = c.study AND s.own_patient = c.patient
            WHERE c.settled_at = 0 AND c.tag IN ('00100010', '00100030', '00100040')",
    ],
    sqlite: &[],
    postgres: &[],
};

/// Who else sent the data set of an object that lies aside, beside its first sender: it is kept once.
const SENDERS_ASIDE: Step = Step {
    common: &[
        "CREATE TABLE aside_senders (aside BIGINT NOT NULL REFERENCES aside (id), origin {text} NOT NULL,
            PRIMARY KEY (aside, origin))",
    ],
    sqlite: &[],
    postgres: &[],
};

/// A day's orders are listed from the first to the last, by whoever sits at the desk.
const ORDERS_BY_START: Step =
    Step { common: &["CREATE INDEX orders_start ON orders (start_at, id)"], sqlite: &[], postgres: &[] };

/// Which steps were performed of which order, whose state is made of theirs, and numbers that only one order may have.
const STEPS_OF_ORDERS: Step = Step {
    common: &[
        // How it stands but for what was performed of it. Steps of an earlier version are known by what they made of their orders.
        "ALTER TABLE orders ADD COLUMN own_state {text} NOT NULL DEFAULT 'scheduled'",
        "UPDATE orders SET own_state = state WHERE state <> 'started' OR transaction_uid <> ''",
        "CREATE TABLE performed_orders (order_id BIGINT NOT NULL REFERENCES orders (id), step BIGINT NOT NULL REFERENCES performed_steps (id),
            PRIMARY KEY (order_id, step))",
        "CREATE INDEX orders_accession ON orders (accession)",
    ],
    sqlite: &[],
    postgres: &[],
};

/// What the objects of a study say of the patient: whose a study is, and what the row of a patient says, is worked out of that.
const SAID_IN_STUDIES: Step = Step {
    common: &[
        // A row for each that is said in a study, with the patient whose identifier it has and the first instance that says so, 0 where none does any more.
        // `unread` is what an earlier version knew of a study: it stands for the instances of which nobody has read what they say.
        "CREATE TABLE said (id {id}, study BIGINT NOT NULL REFERENCES studies (id), patient BIGINT NOT NULL REFERENCES patients (id),
            attributes {text} NOT NULL, first_instance BIGINT NOT NULL DEFAULT 0, unread BIGINT NOT NULL DEFAULT 0)",
        "CREATE INDEX said_study ON said (study)",
        "CREATE INDEX said_patient ON said (patient)",
        "CREATE INDEX said_again ON said (id) WHERE first_instance = 0",
        // Which of these an instance's object says, 0 where nobody has read it.
        "ALTER TABLE instances ADD COLUMN said BIGINT NOT NULL DEFAULT 0",
        "CREATE INDEX instances_said ON instances (said, id) WHERE said <> 0",
        "INSERT INTO said (study, patient, attributes, first_instance, unread)
            SELECT s.id, CASE p.parted_from WHEN 0 THEN p.id ELSE p.parted_from END, p.attributes, MIN(i.id), 1
            FROM studies s JOIN patients p ON p.id = s.own_patient JOIN series e ON e.study = s.id JOIN instances i ON i.series = e.id
            GROUP BY s.id, p.id, p.parted_from, p.attributes ORDER BY s.id",
        // What is in doubt is read now, by `arrival::read_again`; the rest by a repair.
        "INSERT INTO studies_unread (study) SELECT s.id FROM studies s WHERE (s.own_patient IN (SELECT p.id FROM patients p WHERE p.attributes = '')
            OR s.id IN (SELECT c.study FROM conflicts c WHERE c.settled_at = 0 AND c.tag IN ('00100010', '00100020', '00100030', '00100040')))
            AND s.id NOT IN (SELECT u.study FROM studies_unread u)",
    ],
    sqlite: &[],
    postgres: &[],
};

/// The schema that this program speaks.
pub(crate) const VERSION: i64 = STEPS.len() as i64;

/// Brings the tables up to [`VERSION`], within the transaction of `connection`. An index of a later version is said by its number.
pub(crate) async fn migrate(connection: &mut AnyConnection, dialect: Dialect) -> Result<i64, sqlx::Error> {
    migrate_by(connection, dialect, STEPS).await
}

/// Which version the index has; 0 where it has none.
pub(crate) async fn version(pool: &AnyPool) -> Result<i64, sqlx::Error> {
    let asked = sqlx::query_scalar::<_, i64>("SELECT version FROM schema_version").fetch_optional(pool).await;
    match asked {
        // There is no such table: SQLite's general error, PostgreSQL's undefined_table.
        Err(sqlx::Error::Database(error)) if matches!(error.code().as_deref(), Some("1" | "42P01")) => Ok(0),
        asked => Ok(asked?.unwrap_or(0)),
    }
}

async fn migrate_by(
    connection: &mut AnyConnection,
    dialect: Dialect,
    steps: &[Step],
) -> Result<i64, sqlx::Error> {
    if dialect == Dialect::Postgres {
        // Two programs that start at once take turns; the number is this program's own.
        sqlx::query("SELECT pg_advisory_xact_lock(7267397)").execute(&mut *connection).await?;
    }
    sqlx::query("CREATE TABLE IF NOT EXISTS schema_version (version BIGINT NOT NULL)")
        .execute(&mut *connection)
        .await?;
    let found: Option<i64> =
        sqlx::query_scalar("SELECT version FROM schema_version").fetch_optional(&mut *connection).await?;
    let done = found.unwrap_or(0);
    let version = steps.len() as i64;
    for step in steps.iter().skip(usize::try_from(done).unwrap_or(0)) {
        let own = match dialect {
            Dialect::Sqlite => step.sqlite,
            Dialect::Postgres => step.postgres,
        };
        for statement in step.common.iter().chain(own) {
            sqlx::query(AssertSqlSafe(spelled(statement, dialect))).execute(&mut *connection).await?;
        }
    }
    if done >= version {
        return Ok(done);
    }
    let write = if found.is_some() {
        "UPDATE schema_version SET version = $1"
    } else {
        "INSERT INTO schema_version (version) VALUES ($1)"
    };
    sqlx::query(write).bind(version).execute(&mut *connection).await?;
    Ok(version)
}

fn spelled(statement: &str, dialect: Dialect) -> String {
    let (id, text) = match dialect {
        Dialect::Sqlite => ("INTEGER PRIMARY KEY AUTOINCREMENT", "TEXT"),
        Dialect::Postgres => ("BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY", "TEXT COLLATE \"C\""),
    };
    statement.replace("{id}", id).replace("{text}", text)
}

#[cfg(test)]
mod tests {
    use sqlx::Connection as _;

    use super::*;

    #[tokio::test]
    async fn an_index_of_an_earlier_version_is_brought_up_and_keeps_what_it_has() {
        sqlx::any::install_default_drivers();
        let mut index = AnyConnection::connect("sqlite::memory:").await.unwrap();
        for version in 1..=STEPS.len() {
            let steps = &STEPS[..version];
            assert_eq!(migrate_by(&mut index, Dialect::Sqlite, steps).await.unwrap(), version as i64);
            sqlx::query("INSERT INTO audit (at, who, act, what) VALUES (1, 'somebody', 'was', 'here')")
                .execute(&mut index)
                .await
                .unwrap();
        }
        assert_eq!(migrate(&mut index, Dialect::Sqlite).await.unwrap(), VERSION);
        let lines: i64 =
            sqlx::query_scalar("SELECT COUNT(*) FROM audit").fetch_one(&mut index).await.unwrap();
        assert_eq!(lines, VERSION);
        for table in
            ["orders", "performed_steps", "commitments", "sites", "accounts", "sessions", "api_tokens"]
        {
            let statement = AssertSqlSafe(format!("SELECT COUNT(*) FROM {table}"));
            let count: i64 = sqlx::query_scalar(statement).fetch_one(&mut index).await.unwrap();
            assert_eq!(count, 0);
        }
    }
}
