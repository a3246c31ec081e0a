//! Probes that somebody calibrated: whose they are, and what an examination began with.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::path::Path;
use std::time::{Duration, Instant};

use peony_phantom::{Phantom, PhantomConfig};
use serde_json::json;

use crate::kit::{Serve, account, told};

/// The file of a calibration that somebody has made with `peony calibrate`.
fn calibrated(data: &Path, probe: &str) {
    let folder = data.join("calibrations");
    std::fs::create_dir_all(&folder).unwrap();
    let file = format!(
        "version = 2\nprobe = \"{probe}\"\nmade = \"2026-05-28\"\nprogram = \"0.1.0\"\nrelative_error = 0.27\n\
         beam = {{ gain = 1.4, turn_gain = 1.6 }}\nsweeps = [{{ length_mm = 60.0, read_mm = 59.0 }}]\n"
    );
    std::fs::write(folder.join(format!("{probe}.toml")), file).unwrap();
}

#[test]
fn two_sites_share_no_probe_and_who_said_which_is_written_down() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path();
    ["L12-5", "L9"].into_iter().for_each(|probe| calibrated(data, probe));
    for site in ["east", "west"] {
        told(data, &["site", "add", site], "").unwrap();
    }
    let of = |site: &str| account(data, site, &["--role", "sonographer", "--site", site]);
    let (east, west) = (of("east"), of("west"));
    let reader = account(data, "reader", &["--role", "teacher", "--site", "east"]);
    let path = "/api/calibrations?source=capture";
    let used = |serve: &Serve, token: &str, path: &str| {
        let (status, known) = serve.ask_as(token, "GET", path, "text/plain", b"").unwrap();
        assert_eq!((status, known.as_array().unwrap().len()), (200, 2), "{known}");
        let used = known.as_array().unwrap().iter().find(|known| known["used"] == true);
        used.map(|used| [&used["probe"], &used["chosen"]["by"]].map(|text| text.as_str().unwrap().to_owned()))
    };
    let choose = |serve: &Serve, token: &str, probe: &str| {
        let said = json!({"source": "capture", "probe": {"probe": probe, "preset": ""}}).to_string();
        serve.ask_as(token, "POST", "/api/calibrations", "application/json", said.as_bytes()).unwrap()
    };
    let serve = Serve::with_accounts(data, &[]);
    assert_eq!([&east, &west].map(|token| used(&serve, token, path)), [None, None]);
    assert_eq!(choose(&serve, &east, "L12-5").0, 200);
    assert_eq!(choose(&serve, &west, "L9").0, 200);
    let (status, refused) = choose(&serve, &west, "C1-6");
    assert_eq!((status, &refused["code"]), (422, &json!("unknown_probe")));
    assert_eq!(serve.status(&reader, path), 403);
    drop(serve);
    let serve = Serve::with_accounts(data, &[]);
    let said = |probe: &str, by: &str| Some([probe.to_owned(), by.to_owned()]);
    let both = [&east, &west].map(|token| used(&serve, token, path));
    assert_eq!(both, [said("L12-5", "east"), said("L9", "west")]);
    assert_eq!(
        used(&serve, &east, "/api/calibrations"),
        said("L12-5", "east"),
        "the usual source is a page's"
    );
    drop(serve);
    let store = peony_store::Options::in_folder(data);
    let lines = tokio::runtime::Runtime::new().unwrap().block_on(async {
        let store = peony_store::Store::open(&store).await.unwrap();
        store.audit_after(0, 1000).await.unwrap()
    });
    let of_probes = lines.iter().filter(|line| line.act == "use-calibration");
    let of_probes: Vec<[&str; 2]> = of_probes.map(|line| [line.who.as_str(), line.what.as_str()]).collect();
    assert_eq!(of_probes, [["east", "east, capture: L12-5"], ["west", "west, capture: L9"]]);
}

#[test]
fn an_examination_that_is_taken_up_again_keeps_the_calibration_that_it_began_with() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path();
    ["L12-5", "L9"].into_iter().for_each(|probe| calibrated(data, probe));
    let config = PhantomConfig { size_px: [400, 300], ..PhantomConfig::default() };
    let video = data.join("sweep.y4m");
    let mut out = std::fs::File::create(&video).unwrap();
    writeln!(out, "YUV4MPEG2 W400 H300 F30:1 Ip A1:1 Cmono XCOLORRANGE=FULL").unwrap();
    for made in Phantom::new(7, &config).unwrap().sweep().take(20) {
        let peony_model::Pixels::Luma8(grey) = made.frame.pixels else { unreachable!("phantoms are grey") };
        out.write_all(b"FRAME\n").unwrap();
        out.write_all(grey.as_raw()).unwrap();
    }
    let serving = ["--source", video.to_str().unwrap(), "--mm-per-px", "0.1"];
    let choose = |serve: &Serve, probe: &str| {
        let said = json!({"probe": {"probe": probe, "preset": ""}}).to_string();
        assert_eq!(serve.ask("POST", "/api/calibrations", &said).unwrap().0, 200);
    };
    // All frames have been read when so many calibrations are in the journal, or never will be.
    let calibrations = |serve: &Serve, id: &str| {
        let until = Instant::now() + Duration::from_secs(3);
        let names = || -> Vec<String> {
            let view = serve.get(&format!("/api/exams/{id}/report"));
            let all = view["report"]["calibrations"].as_array().into_iter().flatten();
            all.map(|by| by["probe"].as_str().unwrap().to_owned()).collect()
        };
        while names().len() < 2 && Instant::now() < until {
            std::thread::sleep(Duration::from_millis(50));
        }
        names()
    };
    let serve = Serve::start(data, &serving);
    choose(&serve, "L12-5");
    let id = serve.begin(&json!({}));
    assert_eq!(calibrations(&serve, &id), ["L12-5"]);
    choose(&serve, "L9");
    drop(serve);
    let serve = Serve::start(data, &serving);
    let mut stream = TcpStream::connect(&serve.addr).unwrap();
    write!(
        stream,
        "GET /live?exam={id} HTTP/1.1\r\nHost: {}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
         Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
        serve.addr
    )
    .unwrap();
    let mut status = [0; 12];
    stream.read_exact(&mut status).unwrap();
    assert_eq!(&status[9..], b"101");
    assert_eq!(calibrations(&serve, &id), ["L12-5"]);
    let frames = serve.get("/api/exams");
    assert!(frames[0]["last_frame_ms"].is_u64(), "its frames were read again: {frames}");
    let next = serve.begin(&json!({}));
    assert_eq!(calibrations(&serve, &next), ["L9"], "the next one begins with what was said");
}
