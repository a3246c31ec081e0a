//! What can be configured, as one table: a row joins a key of the file to a flag of `peony serve`, which says what it means, which values it takes
//! and what it is where nobody says it. docs/CONFIGURATION.md is printed from it.

use std::ffi::OsString;

/// What the file has at a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A string.
    Text,
    /// A string: a file or a folder, from the folder of the configuration.
    Path,
    /// A list of strings.
    Texts,
    /// A list of files or folders.
    Paths,
    /// A string: where frames come from; a recording as [`Self::Path`].
    Source,
    /// A whole number.
    Whole,
    /// A number.
    Number,
    /// true or false.
    Switch,
}

/// When a change of the file holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Holds {
    /// On SIGHUP.
    ReadAgain,
    /// When the program is started again.
    FromTheNextStart,
}

/// A row of the table.
#[derive(Debug)]
pub struct Key {
    /// The table of the file; empty at its top.
    pub section: &'static str,
    /// Its name there.
    pub name: &'static str,
    /// The flag, as clap knows it: that of `--dicom-tls` is `dicom_tls`.
    pub id: &'static str,
    pub kind: Kind,
    pub holds: Holds,
    /// A value in TOML for the example.
    pub example: &'static str,
}

impl Key {
    /// As the file has it, in one word: `dicom.aet`.
    pub fn place(&self) -> String {
        if self.section.is_empty() { self.name.to_owned() } else { format!("{}.{}", self.section, self.name) }
    }

    /// The flag.
    pub fn flag(&self) -> String {
        format!("--{}", self.id.replace('_', "-"))
    }

    /// The variable of the environment: the flag in capitals after PEONY_.
    pub fn variable(&self) -> String {
        format!("PEONY_{}", self.id.to_ascii_uppercase())
    }

    /// What is said in the environment; an empty value says nothing.
    pub fn in_environment(&self, environment: &dyn Fn(&str) -> Option<OsString>) -> Option<OsString> {
        environment(&self.variable()).filter(|value| !value.is_empty())
    }
}

const fn key(
    section: &'static str,
    name: &'static str,
    id: &'static str,
    kind: Kind,
    holds: Holds,
    example: &'static str,
) -> Key {
    Key { section, name, id, kind, holds, example }
}

use Holds::{FromTheNextStart as Start, ReadAgain as Again};
use Kind::{Number, Path, Paths, Source, Switch, Text, Texts, Whole};

/// Every key that is a flag as well.
#[rustfmt::skip] // Read as a table.
pub static TABLE: &[Key] = &[
    key("",            "data",              "data",               Path,   Start, "'/srv/peony'"),
    key("",            "open",              "open",               Switch, Start, "true"),
    key("http",        "address",           "http",               Text,   Start, "'127.0.0.1:8686'"),
    key("http",        "certificate",       "http_certificate",   Path,   Again, "'/etc/peony/certificate.pem'"),
    key("http",        "key",               "http_key",           Path,   Again, "'/etc/peony/key.pem'"),
    key("http",        "connections",       "http_connections",   Whole,  Start, "512"),
    key("http",        "connections_from_one_address", "http_connections_from_one_address", Whole, Start, "128"),
    key("oidc",        "issuer",            "oidc_issuer",        Text,   Start, "'https://login.example/realms/clinic'"),
    key("oidc",        "client_id",         "oidc_client_id",     Text,   Start, "'peony'"),
    key("oidc",        "client_secret_file", "oidc_client_secret_file", Path, Start, "'/etc/peony/oidc-secret'"),
    key("oidc",        "public_url",        "oidc_public_url",    Text,   Start, "'https://peony.example:8686'"),
    key("oidc",        "label",             "oidc_label",         Text,   Start, "'Clinic account'"),
    key("oidc",        "scopes",            "oidc_scope",         Texts,  Start, "['profile', 'email', 'groups']"),
    key("oidc",        "role_claim",        "oidc_role_claim",    Text,   Start, "'groups'"),
    key("oidc",        "roles",             "oidc_role",          Texts,  Start, "['breast-readers=radiologist', 'breast-scanners=sonographer']"),
    key("oidc",        "usual_role",        "oidc_usual_role",    Text,   Start, "'teacher'"),
    key("oidc",        "newcomers",         "oidc_newcomers",     Switch, Start, "true"),
    key("oidc",        "session_hours",     "oidc_session_hours", Whole,  Start, "8"),
    key("dicom",       "address",           "dicom",              Text,   Start, "'127.0.0.1:11112'"),
    key("dicom",       "aet",               "aet",                Text,   Again, "'PEONY'"),
    key("dicom",       "tls",               "dicom_tls",          Path,   Again, "'/etc/peony/dicom'"),
    key("dicom",       "associations",      "dicom_associations", Whole,  Again, "256"),
    key("dicom",       "associations_from_one_address", "dicom_associations_from_one_address", Whole, Again, "64"),
    key("store",       "index",             "index",              Text,   Start, "'postgres://peony@localhost/peony'"),
    key("store",       "objects",           "objects",            Text,   Start, "'s3://bucket/peony'"),
    key("store",       "keep_free",         "keep_free",          Whole,  Start, "1_073_741_824"),
    key("store",       "quiet_seconds",     "quiet_seconds",      Whole,  Again, "60"),
    key("source",      "address",           "source",             Source, Start, "'capture'"),
    key("source",      "fps",               "fps",                Number, Start, "30.0"),
    key("source",      "mm_per_px",         "mm_per_px",          Number, Start, "0.06"),
    key("calibration", "files",             "calibration",        Paths,  Start, "['/srv/peony/l12.toml']"),
    key("calibration", "probe",             "probe",              Text,   Start, "'L12-5'"),
    key("calibration", "preset",            "preset",             Text,   Start, "'breast'"),
    key("model",       "folder",            "model",              Path,   Start, "'/srv/models/peony-us'"),
    key("model",       "none",              "no_model",           Switch, Start, "false"),
    key("model",       "engine",            "engine",             Text,   Start, "'auto'"),
    key("model",       "library",           "library",            Path,   Start, "'/usr/lib/libonnxruntime.so'"),
    key("model",       "threads",           "threads",            Whole,  Start, "0"),
    key("log",         "level",             "log_level",          Text,   Again, "'info'"),
    key("log",         "format",            "log_format",         Text,   Start, "'json'"),
    key("log",         "otlp",              "otlp",               Text,   Start, "'http://localhost:4318'"),
];
