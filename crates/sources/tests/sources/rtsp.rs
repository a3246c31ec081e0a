//! An RTSP device that comes, goes and comes back, over TCP.
//!
//! The device is played here: what it answers is what RFC 2326 asks for, what it sends is coded by x264
//! (`tests/make_videos.py`). `rtsp_peer.rs` does the same with a device of somebody else's.

use std::io::{BufRead, BufReader, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::thread::{self, JoinHandle, sleep};
use std::time::{Duration, Instant};

use peony_model::Pixels;
use peony_sources::rtsp::Server;
use peony_sources::{Backoff, Event, LiveSource};

use crate::mp4::number_of;

const MS: Duration = Duration::from_millis(1);
const QUICK: Backoff = Backoff { waits: [Duration::from_millis(20); 4] };
const VIDEO: &[u8] = include_bytes!("../videos/baseline.h264");

/// The units of each picture; parameters go with the picture that follows them.
fn pictures() -> Vec<Vec<Vec<u8>>> {
    let starts: Vec<usize> = VIDEO
        .windows(3)
        .enumerate()
        .filter(|(_, window)| window == b"\0\0\x01")
        .map(|(at, _)| at + 3)
        .collect();
    let ends = starts.iter().skip(1).map(|start| start - 3).chain([VIDEO.len()]);
    let mut pictures = vec![Vec::new()];
    for (start, end) in starts.iter().zip(ends) {
        let unit = VIDEO[*start..end].strip_suffix(&[0]).unwrap_or(&VIDEO[*start..end]).to_vec();
        let is_picture = matches!(unit[0] & 0x1F, 1 | 5);
        pictures.last_mut().unwrap().push(unit);
        if is_picture {
            pictures.push(Vec::new());
        }
    }
    pictures.pop();
    assert_eq!(pictures.len(), 12);
    pictures
}

/// What a device offers and how it answers.
#[derive(Clone, Copy)]
enum Kind {
    H264,
    Jpeg,
    Audio,
    /// Asks for a password.
    Locked,
    /// Takes the connection and says nothing.
    Silent,
}

/// One connection to the device, after PLAY.
struct Device {
    stream: TcpStream,
    sequence: u16,
}

impl Device {
    /// Answers until the session plays; `None` where it never does.
    fn accept(listener: &TcpListener, kind: Kind) -> (Option<Self>, String) {
        let (mut stream, _) = listener.accept().unwrap();
        let mut requests = BufReader::new(stream.try_clone().unwrap());
        let mut heard = String::new();
        loop {
            let mut request = String::new();
            while !request.ends_with("\r\n\r\n") {
                if requests.read_line(&mut request).unwrap_or(0) == 0 {
                    return (None, heard);
                }
            }
            heard.push_str(&request);
            if matches!(kind, Kind::Silent) {
                continue;
            }
            let method = request.split(' ').next().unwrap();
            let number = request.lines().find_map(|line| line.strip_prefix("CSeq: ")).unwrap();
            stream.write_all(answer(kind, method, number).as_bytes()).unwrap();
            if method == "PLAY" {
                return (Some(Self { stream, sequence: 0 }), heard);
            }
        }
    }

    /// Sends a picture, each unit in a packet of its own (RFC 6184 §5.6), at so many milliseconds of the device's clock.
    fn send(&mut self, units: &[Vec<u8>], ms: u32) {
        for (place, unit) in units.iter().enumerate() {
            self.packet(96, unit, ms, place + 1 == units.len());
        }
    }

    fn packet(&mut self, payload_type: u8, payload: &[u8], ms: u32, is_last: bool) {
        let mut packet = vec![0x80, payload_type | u8::from(is_last) << 7];
        packet.extend(self.sequence.to_be_bytes());
        packet.extend((1_000_000 + ms * 90).to_be_bytes());
        packet.extend(b"peon");
        packet.extend(payload);
        self.sequence = self.sequence.wrapping_add(1);
        let frame = [&[b'$', 0], &(packet.len() as u16).to_be_bytes()[..], &packet].concat();
        self.stream.write_all(&frame).unwrap();
    }

    fn lose_packets(&mut self, count: u16) {
        self.sequence += count;
    }
}

fn answer(kind: Kind, method: &str, number: &str) -> String {
    if matches!(kind, Kind::Locked) {
        let ask = "WWW-Authenticate: Basic realm=\"device\"\r\n";
        return format!("RTSP/1.0 401 Unauthorized\r\nCSeq: {number}\r\n{ask}\r\n");
    }
    let media = match kind {
        Kind::Audio => "m=audio 0 RTP/AVP 0\r\na=control:track1\r\n",
        Kind::Jpeg => "m=video 0 RTP/AVP 26\r\na=control:track1\r\n",
        _ => {
            "m=video 0 RTP/AVP 96\r\na=rtpmap:96 H264/90000\r\na=fmtp:96 packetization-mode=1\r\na=control:track1\r\n"
        }
    };
    let sdp = format!("v=0\r\no=- 0 0 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\n{media}");
    let (more, body) = match method {
        "DESCRIBE" => {
            (format!("Content-Type: application/sdp\r\nContent-Length: {}\r\n", sdp.len()), sdp.as_str())
        }
        "SETUP" => {
            let transport = "Transport: RTP/AVP/TCP;unicast;interleaved=0-1;ssrc=70656f6e\r\n";
            (format!("Session: 7;timeout=60\r\n{transport}"), "")
        }
        _ => ("Session: 7\r\n".to_owned(), ""),
    };
    format!("RTSP/1.0 200 OK\r\nCSeq: {number}\r\n{more}\r\n{body}")
}

fn listen(address: Option<SocketAddr>) -> (TcpListener, String) {
    let address = address.unwrap_or_else(|| (Ipv4Addr::LOCALHOST, 0).into());
    let listener = TcpListener::bind(address).unwrap();
    let address = listener.local_addr().unwrap();
    (listener, format!("rtsp://operator:s3cret@{address}/video"))
}

fn start(url: &str) -> LiveSource {
    LiveSource::start(Server::new(url).unwrap(), QUICK).unwrap()
}

/// The next frame's number and time in ms, and the number that is read off it.
fn frame(source: &mut LiveSource) -> (u64, u64, u64) {
    match source.next() {
        Some(Event::Frame(frame)) => (frame.index, frame.time_ns / 1_000_000, number_of(&frame.pixels)),
        other => panic!("no frame: {other:?}"),
    }
}

fn lost(source: &mut LiveSource) -> String {
    match source.next() {
        Some(Event::Lost { why, .. }) => why.to_string(),
        other => panic!("not lost: {other:?}"),
    }
}

#[test]
fn an_examination_goes_on_through_a_drop_out_of_ten_seconds() {
    let (listener, url) = listen(None);
    let mut source = start(&url);
    let pictures = pictures();
    let mut device = Device::accept(&listener, Kind::H264).0.unwrap();
    for (number, units) in pictures.iter().enumerate().take(5) {
        device.send(units, number as u32 * 40);
        let number = number as u64;
        assert_eq!(frame(&mut source), (number, number * 40, number));
    }
    let dropped_out = Instant::now();
    drop((device, listener));
    let why = lost(&mut source);
    assert!(why == "RTSP: playing failed" || why == "the connection was closed by the other side", "{why}");
    sleep(10_000 * MS);
    assert_ne!(lost(&mut source), why, "it is not there any more: the latest reason is told");
    let (listener, _) = listen(Some(url.rsplit(['@', '/']).nth(1).unwrap().parse().unwrap()));
    let mut device = Device::accept(&listener, Kind::H264).0.unwrap();
    // In the midst of a sequence: the first that stands alone is the ninth.
    for (number, units) in pictures.iter().enumerate().skip(6).take(3) {
        device.send(units, 500_000 + number as u32 * 40);
    }
    assert!(matches!(source.next(), Some(Event::Back)));
    let (index, time_ms, number) = frame(&mut source);
    let gap = u128::from(time_ms - 160);
    let most = dropped_out.elapsed().as_millis() + 200;
    assert_eq!((index, number), (5, 8));
    assert!((9_900..=most).contains(&gap), "a gap of {gap} ms, at most {most}");
}

#[test]
fn after_lost_packets_nothing_is_shown_until_a_picture_stands_alone() {
    let (listener, url) = listen(None);
    let mut source = start(&url);
    let pictures = pictures();
    let mut device = Device::accept(&listener, Kind::H264).0.unwrap();
    device.send(&pictures[0], 0);
    assert_eq!(frame(&mut source).2, 0);
    device.lose_packets(1);
    for (number, units) in pictures.iter().enumerate().skip(2).take(3) {
        device.send(units, number as u32 * 40);
    }
    assert_eq!(frame(&mut source), (1, 160, 4), "the fifth stands alone");
    assert!(source.counts().damaged >= 1);
}

#[test]
fn motion_jpeg_is_read() {
    let (listener, url) = listen(None);
    let mut source = start(&url);
    let mut device = Device::accept(&listener, Kind::Jpeg).0.unwrap();
    // RFC 2435 §3.1: no offset, type 1 (4:2:0), quality 80, 12 × 10 blocks of eight pixels; then what a JPEG file has
    // between its scan header and its end.
    let luma = image::RgbImage::from_fn(96, 80, |x, _| image::Rgb([x as u8 * 2; 3]));
    let mut coded = Vec::new();
    image::codecs::jpeg::JpegEncoder::new_with_quality(&mut coded, 80).encode_image(&luma).unwrap();
    let scan = coded.windows(2).position(|window| window == [0xFF, 0xDA]).unwrap();
    let scan = scan + 2 + usize::from(u16::from_be_bytes([coded[scan + 2], coded[scan + 3]]));
    let header = [0, 0, 0, 0, 0, 80, 12, 10];
    device.packet(26, &[&header[..], &coded[scan..coded.len() - 2]].concat(), 0, true);
    let Some(Event::Frame(frame)) = source.next() else { panic!("no frame") };
    assert_eq!(frame.size_px(), [96, 80]);
    assert!(matches!(frame.pixels, Pixels::Rgb8(_)));
}

/// What a device of this kind is said to be, and everything that it was told.
fn refused(kind: Kind, limit: Duration) -> (String, String) {
    let (listener, url) = listen(None);
    let mut server = Server::new(&url).unwrap();
    server.connect_limit = limit;
    let mut source = LiveSource::start(server, Backoff { waits: [60_000 * MS; 4] }).unwrap();
    let device: JoinHandle<String> = thread::spawn(move || Device::accept(&listener, kind).1);
    let why = lost(&mut source);
    drop(source);
    (why, device.join().unwrap())
}

#[test]
fn what_is_in_the_way_is_said_without_a_word_of_the_device_or_of_the_address() {
    let check = |kind: Kind, limit_ms: u32, expected: &str| {
        let (why, _) = refused(kind, limit_ms * MS);
        assert_eq!(why, expected);
    };
    check(Kind::Audio, 5000, "RTSP: the device offers no video in H.264 or Motion JPEG");
    check(Kind::Locked, 5000, "RTSP: the device asks for a user and a password, or does not take these");
    check(Kind::Silent, 300, "nothing came for 0.3 s");
}

#[test]
fn a_password_goes_to_the_device_that_asks_for_it_and_nowhere_else() {
    let (why, told) = refused(Kind::Locked, 5000 * MS);
    // `operator:s3cret` in the Base64 of the Basic scheme.
    assert!(told.contains("Authorization: Basic b3BlcmF0b3I6czNjcmV0"), "{told}");
    let server = Server::new("rtsp://operator:s3cret@example.org/video").unwrap();
    let bad = Server::new("rtsp://operator:s3cret@/video").map(|_| ()).unwrap_err();
    for text in [why, told, format!("{server:?}"), bad.to_string(), format!("{bad:?}")] {
        assert!(!text.contains("s3cret"), "{text}");
    }
}

#[test]
fn a_device_that_plays_and_sends_nothing_is_lost() {
    let (listener, url) = listen(None);
    let mut server = Server::new(&url).unwrap();
    server.silence_limit = 300 * MS;
    let mut source = LiveSource::start(server, QUICK).unwrap();
    let _device = Device::accept(&listener, Kind::H264).0.unwrap();
    assert_eq!(lost(&mut source), "nothing came for 0.3 s");
}
