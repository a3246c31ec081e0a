//! WADO-RS: what cannot be handed out is left out of an answer with others, and said.

use peony_dicom::open_bytes;

use crate::kit::{AS_KEPT, PLAIN, STUDY_UID, Server, encapsulated, file, in_syntax, jpeg_cine, place, uids};

const JPEG: &str = "1.2.840.10008.1.2.4.50";

/// A damaged frame is found when the answer has begun: then the connection breaks off, and nobody takes half for all.
#[tokio::test]
async fn an_answer_that_fails_on_its_way_is_seen_to_fail() {
    let server = Server::start().await;
    let (mut sent, coded) = jpeg_cine(1, 3);
    let at = sent.len() - coded[2].len() / 2;
    sent[at - 5000..at].fill(0xFF);
    server.store("/studies", &[&sent]).await;
    let answer = server.get(&place(1), &[PLAIN]).await;
    assert!(answer.status != 200 || !answer.whole, "half was taken for all");

    // Damaged on the disk: nothing of it is handed out.
    let server = Server::start().await;
    let study = uids(1)[0].clone();
    server.store("/studies", &[&file(2, &[(STUDY_UID, &study)])]).await;
    server.store("/studies", &[&file(1, &[])]).await;
    damage(&server, &uids(1)[2]);
    let metadata = format!("{}/metadata", place(1));
    for (path, accept) in
        [(&place(1), AS_KEPT), (&place(1), "Accept: application/dicom"), (&metadata, "Accept: */*")]
    {
        let answer = server.get(path, &[accept]).await;
        assert_eq!((answer.status, answer.error().as_str()), (500, "the object cannot be read"), "{path}");
    }
    assert_eq!(left_out(&server, &format!("/studies/{study}"), AS_KEPT).await, (206, 1, 2));
}

/// How many instances of how many an answer says that it lacks, and its status; it is whole, and has all the others.
async fn left_out(server: &Server, path: &str, accept: &str) -> (u16, usize, usize) {
    let answer = server.get(path, &[accept]).await;
    assert!(answer.whole, "{path} {accept}: broken off");
    let said = answer.field("warning").strip_prefix("299 peony \"");
    let mut words = said.map_or_else(Vec::new, |said| said.split(' ').collect::<Vec<_>>()).into_iter();
    let mut number = |skip: usize| words.nth(skip).map_or(0, |word| word.parse().unwrap());
    let (left, of) = (number(0), number(1));
    let come = if answer.field("content-type").starts_with("multipart/related") {
        answer.parts().len()
    } else {
        answer.json().as_array().unwrap().len()
    };
    (
        answer.status,
        left,
        if of == 0 {
            come
        } else {
            assert_eq!(come, of - left, "{path}");
            of
        },
    )
}

const METADATA: [&str; 2] =
    ["Accept: application/dicom+json", "Accept: multipart/related; type=\"application/dicom+xml\""];

/// What is not decoded is left out, and what is behind it comes; from the second time on it is said before the first part.
#[tokio::test]
async fn what_is_not_decoded_is_left_out_and_the_rest_comes() {
    let server = Server::start().await;
    let [study, other] = [1, 5].map(|number| uids(number)[0].clone());
    let of_study = |number: u64, file: Vec<u8>| in_syntax(file, &uids(number)[0], &study);
    for number in 1..=3 {
        server.store("/studies", &[&file(number, &[(STUDY_UID, &study)])]).await;
    }
    // JPEG-LS in colour: the transfer syntax is decoded, these samples are not.
    let colour = in_syntax(of_study(4, jpeg_cine(4, 1).0), JPEG, "1.2.840.10008.1.2.4.80");
    let colour = in_syntax(colour, "MONOCHROME2 ", "YBR_FULL_422");
    let colour = in_syntax(colour, "\x28\0\x02\0US\x02\0\x01\0", "\x28\0\x02\0US\x02\0\x03\0");
    let (jpeg, _) = jpeg_cine(5, 1);
    for file in [&colour, &of_study(5, jpeg.clone())] {
        assert_eq!(server.store("/studies", &[file]).await.status, 200);
    }
    let path = format!("/studies/{study}");
    assert_eq!(left_out(&server, &path, PLAIN).await, (200, 0, 4));
    let first = server.get(&path, &[PLAIN]).await;
    assert_eq!((first.status, first.field("vary")), (206, "accept"));
    assert!(first.field("warning").contains("1 of 5 instances are left out"), "{}", first.field("warning"));
    assert!(open_bytes(first.parts().remove(3).1).unwrap().size_px() == [640, 480], "the JPEG behind it");
    assert_eq!(left_out(&server, &path, AS_KEPT).await, (200, 0, 5));
    let [_, series, instance] = uids(4);
    let alone = format!("{path}/series/{series}/instances/{instance}");
    for _ in 0..2 {
        let answer = server.get(&alone, &[PLAIN]).await;
        let why = "not all its frames are decoded here, or written so: accept transfer-syntax=*";
        assert_eq!((answer.status, answer.error().as_str()), (406, why));
    }
    // A transfer syntax that is not decoded at all is known before.
    let video = in_syntax(of_study(6, jpeg_cine(6, 1).0), JPEG, "1.2.840.10008.1.2.4.99");
    server.store("/studies", &[&video]).await;
    assert_eq!(left_out(&server, &path, PLAIN).await, (206, 2, 6));
    let jpegs = format!("{AS_KEPT}\r\nX: y").replace("syntax=*", "syntax=1.2.840.10008.1.2.4.50");
    assert_eq!(left_out(&server, &path, &jpegs).await, (206, 5, 6));

    // A frame that turns out to be damaged when the first ones are gone breaks the answer off once.
    let (_, mut coded) = jpeg_cine(7, 3);
    let length = coded[2].len();
    coded[2][200..length].fill(0);
    let cine = encapsulated(7, &coded);
    server.store("/studies", &[&in_syntax(cine, &uids(7)[0], &other)]).await;
    server.store("/studies", &[&file(8, &[(STUDY_UID, &other)])]).await;
    let path = format!("/studies/{other}");
    let answer = server.get(&path, &[PLAIN]).await;
    assert_eq!((answer.status, answer.whole), (200, false), "half was taken for all");
    assert_eq!(left_out(&server, &path, PLAIN).await, (206, 1, 2));
}

/// What is damaged on the disk is left out of objects and of metadata, until it is whole again.
#[tokio::test]
async fn what_is_damaged_is_left_out_and_the_rest_comes() {
    let study = uids(1)[0].clone();
    let path = format!("/studies/{study}");
    let metadata = format!("{path}/metadata");
    let asked = [(&path, AS_KEPT), (&path, PLAIN), (&metadata, METADATA[0]), (&metadata, METADATA[1])];
    for (path, accept) in asked {
        let server = Server::start().await;
        let mut files = Vec::new();
        for number in 1..=6 {
            files.push(file(number, &[(STUDY_UID, &study)]));
            assert_eq!(server.store("/studies", &[&files[number as usize - 1]]).await.status, 200);
        }
        let tag = server.get(path, &[accept]).await.field("etag").to_owned();
        damage(&server, &uids(4)[2]);
        assert_eq!(left_out(&server, path, accept).await, (200, 0, 5), "{path} {accept}");
        assert_eq!(left_out(&server, path, accept).await, (206, 1, 6), "{path} {accept}");
        let known = format!("If-None-Match: {tag}");
        assert_eq!(server.get(path, &[accept, &known]).await.status, 206, "it is not what it was");
        // The first ones are tried before anything is said.
        damage(&server, &uids(1)[2]);
        damage(&server, &uids(2)[2]);
        let begun = server.get(path, &[accept]).await;
        assert_eq!((begun.status, begun.field("etag")), (206, ""), "a name that says of more than came");
        assert_eq!(left_out(&server, path, accept).await, (206, 3, 6), "{path} {accept}");
        for number in [1, 2, 4] {
            damage(&server, &uids(number)[2]);
        }
        assert_eq!(left_out(&server, path, accept).await, (200, 0, 6), "{path} {accept}");
        let whole = server.get(path, &[accept, &known]).await;
        assert_eq!(whole.status, 200, "under that name an answer went out without one of them");
        let known = format!("If-None-Match: {}", whole.field("etag"));
        assert_eq!(server.get(path, &[accept, &known]).await.status, 304);
        for number in 1..=6 {
            damage(&server, &uids(number)[2]);
        }
        let answer = server.get(path, &[accept]).await;
        assert_eq!((answer.status, answer.error().as_str()), (500, "the object cannot be read"), "{path}");
    }
}

/// Changes a byte of the file that holds a text.
fn damage(server: &Server, text: &str) {
    let mut waiting = vec![server.folder.path().join("store/objects")];
    while let Some(folder) = waiting.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                waiting.push(path);
                continue;
            }
            let mut bytes = std::fs::read(&path).unwrap();
            if bytes.windows(text.len()).any(|window| window == text.as_bytes()) {
                bytes[200] ^= 1;
                std::fs::write(&path, bytes).unwrap();
            }
        }
    }
}
