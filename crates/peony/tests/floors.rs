//! The arrows of the house point down: a crate imports only floors below its own, neighbours do not import each other,
//! and the two lowest floors know no async runtime, no network and no database.

#![allow(clippy::unwrap_used, reason = "a check function of a test fails as the test does")]

use std::collections::{BTreeMap, BTreeSet};

use cargo_metadata::{DependencyKind, Metadata, MetadataCommand, PackageId};

/// The floor of every crate of the workspace. A new crate gets its row here, or the test below fails.
const FLOORS: [(&str, u8); 16] = [
    ("peony", 4),
    ("peony-access", 3),
    ("peony-dicomweb", 3),
    ("peony-node", 3),
    ("peony-web", 3),
    ("peony-encode", 2),
    ("peony-examination", 2),
    ("peony-sources", 2),
    ("peony-store", 2),
    ("peony-ultrasound", 2),
    ("peony-dicom", 1),
    ("peony-imaging", 1),
    ("peony-infer", 1),
    ("peony-phantom", 1),
    ("peony-model", 0),
    // Beside the house: it checks all crates and imports none.
    ("xtask", 0),
];

/// What tests may import from their own floor: the phantom gives pictures with known truth.
const FOR_TESTS: &str = "peony-phantom";

/// What must not be anywhere below floor 2.
const HEAVY: [&str; 10] =
    ["async-std", "axum", "hyper", "mio", "object_store", "reqwest", "rusqlite", "sqlx", "tokio", "tonic"];
const PURE_FLOORS: u8 = 1;

/// One arrow between two crates of the workspace.
struct Arrow<'a> {
    from: &'a str,
    to: &'a str,
    /// Compiled into tests and examples only.
    test_only: bool,
}

/// What is wrong with this house, a line each; a good one gives none.
fn faults_of(floors: &[(&str, u8)], crates: &[&str], arrows: &[Arrow]) -> Vec<String> {
    let floor_of: BTreeMap<&str, u8> = floors.iter().copied().collect();
    let homeless = crates.iter().filter(|name| !floor_of.contains_key(*name));
    let mut faults: Vec<String> = homeless.map(|name| format!("{name} has no floor")).collect();
    for Arrow { from, to, test_only } in arrows {
        let (Some(above), Some(below)) = (floor_of.get(from), floor_of.get(to)) else { continue };
        let borrowed = *test_only && *to == FOR_TESTS;
        if above <= below && !borrowed {
            faults.push(format!("{from} (floor {above}) imports {to} (floor {below})"));
        }
    }
    faults
}

/// The heavy crates that `start` reaches, each with the way to it.
fn heavy_below(start: &str, imports: &BTreeMap<String, BTreeSet<String>>) -> Vec<String> {
    let mut found = Vec::new();
    let mut seen = BTreeSet::new();
    let mut waiting = vec![vec![start]];
    while let Some(way) = waiting.pop() {
        let Some(name) = way.last().copied().filter(|name| seen.insert(*name)) else { continue };
        if HEAVY.contains(&name) {
            found.push(way.join(" → "));
            continue;
        }
        let next = imports.get(name).into_iter().flatten();
        waiting.extend(next.map(|import| way.iter().copied().chain([import.as_str()]).collect()));
    }
    found
}

/// The house as cargo sees it, with what is compiled on this platform.
fn metadata() -> Metadata {
    let manifest = concat!(env!("CARGO_MANIFEST_DIR"), "/../../Cargo.toml");
    let rustc = std::process::Command::new("rustc").arg("-vV").output().unwrap();
    let version = String::from_utf8(rustc.stdout).unwrap();
    let host = version.lines().find_map(|line| line.strip_prefix("host: ")).unwrap();
    let options = ["--filter-platform", host].map(str::to_owned).to_vec();
    MetadataCommand::new().manifest_path(manifest).other_options(options).exec().unwrap()
}

#[test]
fn arrows_point_down() {
    let metadata = metadata();
    let packages = metadata.workspace_packages();
    let crates: Vec<&str> = packages.iter().map(|package| package.name.as_str()).collect();
    let arrows: Vec<Arrow> = packages
        .iter()
        .flat_map(|package| package.dependencies.iter().map(move |import| (package, import)))
        .map(|(package, import)| Arrow {
            from: package.name.as_str(),
            to: &import.name,
            test_only: import.kind == DependencyKind::Development,
        })
        .collect();
    assert!(
        arrows.iter().any(|arrow| arrow.from == "peony" && arrow.to == "peony-model"),
        "no arrows were read"
    );
    let faults = faults_of(&FLOORS, &crates, &arrows);
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn low_floors_are_pure() {
    let metadata = metadata();
    let name_of: BTreeMap<&PackageId, String> =
        metadata.packages.iter().map(|package| (&package.id, package.name.to_string())).collect();
    let mut imports: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for node in &metadata.resolve.as_ref().unwrap().nodes {
        let compiled = node
            .deps
            .iter()
            .filter(|import| import.dep_kinds.iter().any(|kind| kind.kind != DependencyKind::Development));
        let names = compiled.map(|import| name_of[&import.pkg].clone());
        imports.entry(name_of[&node.id].clone()).or_default().extend(names);
    }
    assert!(!heavy_below("peony-web", &imports).is_empty(), "tokio was not seen where it is");
    let low = FLOORS.iter().filter(|(_, floor)| *floor <= PURE_FLOORS);
    let faults: Vec<String> = low.flat_map(|(name, _)| heavy_below(name, &imports)).collect();
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

/// A house of four crates with these arrows: `a > b` for an import, `a ~> b` for one of tests.
fn check(arrows: &str, expected: &[&str]) {
    let floors = [("ultrasound", 2), ("peony-phantom", 1), ("imaging", 1), ("model", 0)];
    let arrows: Vec<Arrow> = arrows
        .lines()
        .map(|line| {
            let words: Vec<&str> = line.split_whitespace().collect();
            Arrow { from: words[0], to: words[2], test_only: words[1] == "~>" }
        })
        .collect();
    let crates: Vec<&str> = arrows.iter().map(|arrow| arrow.from).collect();
    assert_eq!(faults_of(&floors, &crates, &arrows), expected);
}

#[test]
fn wrong_arrows_are_seen() {
    check("ultrasound > imaging\nimaging > model\nultrasound > serde", &[]);
    check("imaging > ultrasound", &["imaging (floor 1) imports ultrasound (floor 2)"]);
    check("imaging > peony-phantom", &["imaging (floor 1) imports peony-phantom (floor 1)"]);
    check("imaging ~> peony-phantom\nultrasound ~> peony-phantom", &[]);
    check("peony-phantom ~> imaging", &["peony-phantom (floor 1) imports imaging (floor 1)"]);
    check("shed > model", &["shed has no floor"]);
}

#[test]
fn heavy_crates_are_seen_through_others() {
    let imports = [("infer", "http-kit"), ("http-kit", "tokio"), ("tokio", "mio"), ("model", "serde")];
    let mut graph: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for (from, to) in imports {
        graph.entry(from.to_owned()).or_default().insert(to.to_owned());
    }
    assert_eq!(heavy_below("infer", &graph), ["infer → http-kit → tokio"]);
    assert!(heavy_below("model", &graph).is_empty());
}
