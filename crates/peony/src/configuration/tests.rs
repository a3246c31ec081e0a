use std::fs;
use std::path::Path;

use super::*;
use crate::cli::{ServeArgs, StoreArgs};

/// Reads a call in which `serve` and the data folder stand already.
fn read_in(data: &Path, args: &[&str], environment: &[(&str, &str)]) -> Result<Configured, Vec<String>> {
    let data = data.to_str().unwrap();
    call(&[&["serve", "--open", "--data", data], args].concat(), environment)
}

fn call(args: &[&str], environment: &[(&str, &str)]) -> Result<Configured, Vec<String>> {
    let line: Vec<OsString> =
        std::iter::once("peony").chain(args.iter().copied()).map(OsString::from).collect();
    let of = |name: &str| {
        environment.iter().find(|(known, _)| *known == name).map(|(_, value)| OsString::from(value))
    };
    read(&line, &of).map_err(|wrong| match wrong {
        Wrong::Usage(error) => vec![error.to_string()],
        Wrong::Faults(faults) => faults,
    })
}

fn serve_args(configured: &Configured) -> &ServeArgs {
    let Command::Serve(args) = &configured.cli.command else { panic!("it is another subcommand") };
    args
}

#[test]
fn the_committed_page_is_what_the_tables_say() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/CONFIGURATION.md");
    let committed = fs::read_to_string(path).unwrap_or_default();
    assert!(
        committed == page::page(),
        "docs/CONFIGURATION.md is stale: cargo run -p peony -- config > docs/CONFIGURATION.md"
    );
}

#[test]
fn every_flag_of_serve_has_one_place_in_the_file() {
    let serve = Cli::command().find_subcommand("serve").unwrap().clone();
    let elsewhere = ["config", "check"];
    let flags = serve.get_arguments().map(|argument| argument.get_id().as_str());
    let mut flags: Vec<&str> = flags.filter(|id| !elsewhere.contains(id)).collect();
    let mut keys: Vec<&str> = TABLE.iter().map(|key| key.id).collect();
    flags.sort_unstable();
    keys.sort_unstable();
    assert_eq!(flags, keys);
}

#[test]
fn every_line_of_the_example_is_taken() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("example.toml");
    let uncommented = |line: &str| match line.strip_prefix("# ") {
        Some(rest) if rest.starts_with("[[") || rest.contains(" = ") => rest.to_owned(),
        _ => line.to_owned(),
    };
    let text: Vec<String> = page::example().lines().map(uncommented).collect();
    fs::write(&file, text.join("\n")).unwrap();
    let faults = call(&["serve", "--config", file.to_str().unwrap()], &[]).unwrap_err();
    let is_here = |fault: &&String| !fault.contains("No such file") && !fault.contains("built without it");
    let others: Vec<&String> = faults.iter().filter(is_here).collect();
    assert!(
        others.is_empty() && !faults.is_empty(),
        "its files and a collector are not here, and nothing else is wrong: {faults:?}"
    );
    // As it is printed it says nothing, and so is in order.
    fs::write(folder.path().join(FILE), page::example()).unwrap();
    read_in(folder.path(), &[], &[]).unwrap();
}

#[test]
fn a_flag_goes_before_the_environment_and_that_before_the_file() {
    let folder = tempfile::tempdir().unwrap();
    let check = |args: &[&str], environment: &[(&str, &str)], port: u16| {
        let configured = read_in(folder.path(), args, environment).unwrap();
        assert_eq!(serve_args(&configured).http.port(), port, "{args:?} {environment:?}");
    };
    let (flag, variable) = (["--http", "127.0.0.1:1"], [("PEONY_HTTP", "127.0.0.1:2")]);
    check(&[], &[], 8686);
    fs::write(folder.path().join(FILE), "[http]\naddress = '127.0.0.1:3'").unwrap();
    check(&[], &[], 3);
    check(&[], &variable, 2);
    check(&[], &[("PEONY_HTTP", "")], 3);
    check(&flag, &variable, 1);
    check(&flag, &[], 1);
}

#[test]
fn every_kind_of_value_is_read_from_both() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(
        folder.path().join(FILE),
        "[model]\nnone = true\nfolder = 'models/mine'\nthreads = 0x2\n[source]\naddress = 'sweep.y4m'\nfps = 25\nmm_per_px = 0.06\n[log]\nlevel = 'debug'",
    )
    .unwrap();
    let of_file = read_in(folder.path(), &[], &[]).unwrap();
    let args = serve_args(&of_file);
    assert!(args.model.no_model && args.fps == 25.0 && args.model.threads == 2 && args.mm_per_px.is_some());
    assert_eq!(
        args.model.model.as_deref(),
        Some(&*folder.path().join("models/mine")),
        "from the file's folder"
    );
    assert_eq!(args.source, SourceUrl::Path(folder.path().join("sweep.y4m")));
    let environment = [("PEONY_NO_MODEL", "0"), ("PEONY_MODEL", "mine"), ("PEONY_SOURCE", "phantom:7")];
    let of_environment = read_in(folder.path(), &[], &environment).unwrap();
    let args = serve_args(&of_environment);
    assert!(
        !args.model.no_model && args.model.model.as_deref() == Some(Path::new("mine")),
        "as it was given"
    );
    assert_eq!(args.source, SourceUrl::Phantom { seed: Some(7) });
}

#[test]
fn every_fault_is_said_at_once_with_its_line_and_no_value() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join(FILE);
    fs::write(
        &file,
        "data = '/elsewhere'\nopen = 'yes'\nspeed = 3\n[http]\naddress = 'secret'\nconnections = 0\nport = 1\n[dicom]\naddress = '0.0.0.0:104'
aet = 'A\\B'\nalso_called = 'OLD'\n[[dicom.peer]]\naddress = 'nowhere'\n[[dicom.peer]]\naet = 'ONE'\ntls = true\n[[dicom.peer]]\naet = 'ONE'\nport = 104
retrieve = 'secret'
[log]\nlevel = 'loud'\n[nonsense]\n",
    )
    .unwrap();
    let environment =
        [("PEONY_KEEP_FREE", "secret"), ("PEONY_NO_MODEL", "secret"), ("PEONY_OBJECTS", "s3://secret")];
    let faults = read_in(folder.path(), &["--http-key", "key.pem"], &environment).unwrap_err();
    let all = faults.join("\n");
    let at = |line: usize, key: &str| format!("{}:{line}: {key}: ", file.display());
    let wanted = [
        at(1, "data"),
        at(2, "open"),
        at(3, "speed"),
        at(5, "http.address"),
        at(6, "http.connections"),
        at(7, "http.port"),
        at(10, "dicom.aet"),
        at(11, "dicom.also_called"),
        format!("{}:12: dicom.peer: aet is missing", file.display()),
        at(13, "dicom.peer.address"),
        at(16, "dicom.peer.tls"),
        at(18, "dicom.peer.aet"),
        at(19, "dicom.peer.port"),
        at(20, "dicom.peer.retrieve") + "nothing can be fetched",
        at(20, "dicom.peer.retrieve") + "it is 'get' or 'move'",
        at(22, "log.level"),
        at(23, "nonsense"),
        "PEONY_KEEP_FREE: ".to_owned(),
        "PEONY_NO_MODEL: ".to_owned(),
        "http.key (--http-key): its certificate is missing".to_owned(),
        "dicom.address (--dicom) 0.0.0.0:104: other machines".to_owned(),
    ];
    for wanted in &wanted {
        assert!(all.contains(wanted), "{wanted} is not in\n{all}");
    }
    assert_eq!(faults.len(), wanted.len(), "and nothing else:\n{all}");
    assert!(!all.contains("secret"), "{all}");
}

#[test]
fn what_is_no_toml_has_its_line() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join(FILE);
    fs::write(&file, "[http]\naddress = \n[log]\nlevel = 'info'\nlevel = 'warn'\n").unwrap();
    let faults = read_in(folder.path(), &[], &[]).unwrap_err();
    assert!(faults[0].starts_with(&format!("{}:2: ", file.display())), "{faults:?}");
    assert!(faults.iter().any(|fault| fault.starts_with(&format!("{}:5: ", file.display()))), "{faults:?}");
}

#[test]
fn an_address_that_others_reach_needs_accounts_and_tls() {
    let folder = tempfile::tempdir().unwrap();
    let own = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    fs::write(folder.path().join("certificate.pem"), own.cert.pem()).unwrap();
    fs::write(folder.path().join("key.pem"), own.signing_key.serialize_pem()).unwrap();
    let check = |text: &str, lacks: Option<&str>| {
        fs::write(folder.path().join(FILE), text).unwrap();
        let faults = read_in(folder.path(), &[], &[]).err().unwrap_or_default();
        match lacks {
            None => assert!(faults.is_empty(), "{text}: {faults:?}"),
            Some(lacks) => assert!(faults.len() == 1 && faults[0].contains(lacks), "{text}: {faults:?}"),
        }
    };
    let papers = "certificate = 'certificate.pem'\nkey = 'key.pem'";
    check(&format!("[http]\naddress = '127.0.0.1:0'\n{papers}"), None);
    check("[http]\naddress = '0.0.0.0:0'", Some("there are no accounts and no TLS"));
    check(&format!("[http]\naddress = '0.0.0.0:0'\n{papers}"), Some("there are no accounts;"));
    check("[http]\ncertificate = 'key.pem'\nkey = 'key.pem'", Some("there is no certificate in PEM"));
    check("[http]\ncertificate = 'certificate.pem'\nkey = 'certificate.pem'", Some("no private key in PEM"));
    check("[http]\ncertificate = 'nowhere.pem'\nkey = 'key.pem'", Some("nowhere.pem"));
}

#[test]
fn the_data_folder_may_be_said_anywhere_but_in_itself() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("named.toml");
    fs::write(&file, "data = 'data'\nopen = true").unwrap();
    let named = file.to_str().unwrap();
    let of = |configured: Configured| serve_args(&configured).store.data.clone();
    let own = folder.path().join("data");
    assert_eq!(of(call(&["serve", "--config", named], &[]).unwrap()), own);
    assert_eq!(of(call(&["serve"], &[("PEONY_CONFIG", named)]).unwrap()), own);
    assert_eq!(of(call(&["serve"], &[("PEONY_DATA", "/d")]).unwrap()), Path::new("/d"));
    let nowhere = call(&["serve"], &[]).unwrap_err();
    assert!(nowhere.len() == 1 && nowhere[0].starts_with("data: "), "{nowhere:?}");
    let missing = call(&["serve", "--data", "/d", "--config", "/nowhere.toml"], &[]).unwrap_err();
    assert!(missing.len() == 1 && missing[0].starts_with("/nowhere.toml: "), "{missing:?}");
}

#[test]
fn who_works_on_the_store_is_told_where_it_is() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(
        folder.path().join(FILE),
        "[store]\nindex = 'postgres://x'\nkeep_free = 7\n[log]\nlevel = 5\nnonsense = 1",
    )
    .unwrap();
    let data = folder.path().to_str().unwrap();
    for args in [&["import", "a.dcm"][..], &["check"], &["order", "list"]] {
        let configured = call(&[args, &["--data", data]].concat(), &[]).unwrap();
        let store: &StoreArgs = match &configured.cli.command {
            Command::Import(args) => &args.store,
            Command::Check(args) => &args.store,
            Command::Order(args) => match &args.what {
                crate::cli::OrderCommand::List(args) => &args.store,
                other => panic!("{other:?}"),
            },
            other => panic!("{other:?}"),
        };
        assert_eq!((store.index.as_deref(), store.keep_free), (Some("postgres://x"), 7), "{args:?}");
    }
    let faults = call(&["check", "--data", data], &[("PEONY_KEEP_FREE", "much")]).unwrap_err();
    assert!(faults.len() == 1 && faults[0].starts_with("PEONY_KEEP_FREE: "), "{faults:?}");
    assert!(call(&["import", "a.dcm"], &[]).unwrap_err()[0].starts_with("data: "));
}

#[test]
fn the_file_of_an_earlier_version_is_not_passed_over_in_silence() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("dicom.toml"), "only_peers = true").unwrap();
    let faults = read_in(folder.path(), &[], &[]).unwrap_err();
    assert!(faults.len() == 1 && faults[0].contains("[dicom] in peony.toml"), "{faults:?}");
}

#[test]
fn what_waits_for_the_next_start_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let write = |text: &str| fs::write(folder.path().join(FILE), text).unwrap();
    write("[http]\nconnections = 10\n[log]\nlevel = 'warn'");
    let before = read_in(folder.path(), &[], &[]).unwrap();
    write("[http]\nconnections = 11\n[log]\nlevel = 'info'\n[source]\nfps = 10");
    let after = read_in(folder.path(), &[], &[]).unwrap();
    assert_eq!(before.waits_for_the_next_start(&after), ["http.connections", "source.fps"]);
    assert!(before.waits_for_the_next_start(&before).is_empty());
}

#[test]
fn a_provider_is_configured_whole_and_every_fault_of_it_is_said_without_its_secret() {
    let folder = tempfile::tempdir().unwrap();
    let of = |text: &str, environment: &[(&str, &str)]| {
        fs::write(folder.path().join(FILE), format!("[oidc]\n{text}")).unwrap();
        read_in(folder.path(), &[], environment)
    };
    let whole =
        "issuer = 'https://login.example'\nclient_id = 'peony'\npublic_url = 'https://peony.example'\n";
    fs::write(folder.path().join("secret"), "hunter2\n").unwrap();
    fs::write(folder.path().join("empty"), "\n").unwrap();
    let secret = [("PEONY_OIDC_CLIENT_SECRET", "hunter2")];
    let check = |text: &str, environment: &[(&str, &str)], expected: &[&str]| {
        let faults = of(text, environment).unwrap_err();
        assert_eq!(faults.len(), expected.len(), "{faults:?}");
        for (fault, expected) in faults.iter().zip(expected) {
            assert!(fault.contains(expected) && !fault.contains("hunter2"), "{fault}: {expected}");
        }
    };
    check("client_id = 'peony'", &[], &["oidc.issuer"]);
    check("issuer = 'https://login.example'", &[], &["oidc.client_id", "oidc.public_url"]);
    check("issuer = 'http://login.example'", &[], &["oidc.issuer: it is https"]);
    check(
        &format!("{whole}roles = ['a=king', 'radiologist']\nusual_role = 'radiologist@'"),
        &[],
        &["king", "VALUE=ROLE", "a site"],
    );
    check(
        &format!("{whole}roles = ['a=radiologist']\nnewcomers = true"),
        &[],
        &["oidc.role_claim does not say"],
    );
    check(&format!("{whole}role_claim = 'groups'"), &[], &["no rule"]);
    check(&format!("{whole}newcomers = true"), &[], &["oidc.usual_role"]);
    check(&format!("{whole}client_secret_file = 'nowhere'"), &[], &["nowhere"]);
    check(&format!("{whole}client_secret_file = 'empty'"), &[], &["it is empty"]);
    check(&format!("{whole}client_secret_file = 'secret'"), &secret, &["PEONY_OIDC_CLIENT_SECRET"]);
    check(
        "issuer = 'https://login.example'\nclient_id = 'peony'\npublic_url = 'https://peony.example/below'",
        &[],
        &["oidc.public_url"],
    );
    let secret_of = |configured: &Configured| {
        let checked = Checked::of(serve_args(configured), &configured.neighbours).unwrap();
        checked.oidc.unwrap().client_secret.map(|secret| secret.secret().clone())
    };
    let taken = of(&format!("{whole}client_secret_file = 'secret'"), &[]).unwrap();
    assert_eq!(secret_of(&taken).as_deref(), Some("hunter2"));
    assert_eq!(serve_args(&taken).oidc.oidc_scope, ["profile", "email"]);
    let taken = of(whole, &secret).unwrap();
    assert_eq!(secret_of(&taken).as_deref(), Some("hunter2"));
    assert!(!format!("{taken:?}").contains("hunter2"));
    assert_eq!(secret_of(&of(whole, &[]).unwrap()), None);
}

#[test]
fn what_is_wrong_is_said_in_one_go_whatever_else_is() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("named.toml");
    let text = "speed = 3\n[http]\naddress = '0.0.0.0:80'\n[dicom]\naddress = '0.0.0.0:104'\ntls = 'nowhere'\n[store]\nindex = 'mysql://secret'\nobjects = 's4://secret'
[model]\nfolder = 'nowhere'";
    fs::write(&file, text).unwrap();
    let wanted = [
        "data: ",
        "speed: there is no such key",
        "http.address (--http): address 0.0.0.0:80: other machines",
        "dicom.address (--dicom) 0.0.0.0:104: other machines could reach it, and its certificates",
        "dicom.tls (--dicom-tls): ",
        "store.index (--index): it is a database of PostgreSQL, such as postgres://",
        "store.objects (--objects): it is a bucket, such as s3://",
    ];
    let check = |args: &[&str], more: &[&str]| {
        let faults = call(&[&["serve", "--config", file.to_str().unwrap()], args].concat(), &[]).unwrap_err();
        let all = faults.join("\n");
        for wanted in wanted.iter().chain(more) {
            assert!(all.contains(wanted), "{wanted} is not in\n{all}");
        }
        assert_eq!(faults.len(), wanted.len() + more.len(), "and nothing else:\n{all}");
        assert!(!all.contains("secret"), "{all}");
    };
    check(&[], &[]);
    // A model that is away costs its findings when the program is started; whoever looks at the configuration is told.
    check(&["--check"], &["model.folder (--model): "]);
}

#[test]
fn what_is_no_number_and_no_address_is_said_with_an_example() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join(FILE), "[dicom]\nassociations = -1\naddress = 'here'").unwrap();
    let environment = [("PEONY_HTTP", "localhost"), ("PEONY_KEEP_FREE", "much"), ("PEONY_THREADS", "two")];
    let faults = read_in(folder.path(), &[], &environment).unwrap_err();
    let ends = [
        "PEONY_HTTP: it is an address and a port, such as 127.0.0.1:8686",
        "PEONY_KEEP_FREE: it is a whole number, such as 1073741824",
        "PEONY_THREADS: it is a whole number, such as 0",
        "dicom.address: it is an address and a port, such as 127.0.0.1:8686",
        "dicom.associations: it is a whole number, such as 256",
    ];
    for end in ends {
        assert!(faults.iter().any(|fault| fault.ends_with(end)), "{end}: {faults:?}");
    }
    assert_eq!(faults.len(), ends.len(), "{faults:?}");
}

#[test]
fn a_variable_that_is_none_is_named_and_no_other() {
    let own = ["PEONY_DATA", "PEONY_CONFIG", "PEONY_ORT_LIB", "PEONY_MODEL", "PEONY_OIDC_CLIENT_SECRET"];
    let others = ["PEONY_PYTHON", "PEONY_SERVE_KILLS", "PEONY_PORT_8686_TCP", "PEONY_SERVICE_HOST", "PATH"];
    let typing = ["PEONY_TYPO", "PEONY_HTPP"];
    let names = own.iter().chain(&others).chain(&typing).map(OsString::from);
    assert_eq!(unknown_variables(names), ["PEONY_HTPP", "PEONY_TYPO"]);
}
