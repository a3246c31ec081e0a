//! The conformance statement (PS3.2), printed from the tables by which this node works.

use std::fmt::Write as _;
use std::time::Duration;

use peony_dicom::TransferSyntax;
use peony_dicom::pixels::Lossless;

use crate::configuration::Limits;
use crate::queue::Patience;
use crate::sop_class::{self, Model, Service, SopClass};
use crate::status;
use crate::transfer_syntax;
use crate::{IMPLEMENTATION_CLASS_UID, command, identifier, presentation};

/// The statement, in Markdown.
#[must_use]
pub fn statement() -> String {
    let mut text = String::new();
    // Memory takes every write.
    let _ = write_statement(&mut text);
    text
}

fn write_statement(text: &mut String) -> std::fmt::Result {
    let Limits {
        associations,
        associations_from_one_address,
        data_pdu_bytes,
        request_time,
        pdu_time,
        idle_time,
        release_time,
    } = Limits::default();
    let patience = Patience::of_a_day();
    let coded = Lossless::ALL.map(|coding| coding.codec().to_string()).join(", ");
    write!(
        text,
        "# DICOM conformance statement

Printed by `cargo run -p peony-node --example conformance > docs/CONFORMANCE.md` from the tables in `crates/node/src`; a test holds this file to them.
Peony is for research use and no cleared medical device.

## Associations

| | |
|---|---|
| Application context | `{context}` |
| Implementation class UID | `{IMPLEMENTATION_CLASS_UID}` |
| Implementation version name | `PEONY_` and the version of the program |
| Longest P-DATA-TF taken | {data_pdu_bytes} bytes, unless the configuration says another |
| Presentation contexts in one association | {contexts} |
| Associations at a time | {associations}, of these from one address {associations_from_one_address}; beyond that: rejected, transient, local limit exceeded |
| TLS | versions 1.2 and 1.3, certificates on both sides; the server's names its host |
| Time to ask for an association | {request} s, then aborted |
| Time for a PDU once it has begun, and between two of one message | {pdu} s, then aborted |
| Least rate of a message | 1 KiB a second on the average, once it was waited for that long; else aborted |
| Rest between messages | {idle} s, then aborted |
| Time to agree to the end of an association | {release} s, then aborted |
| Longest command set | {command} bytes |
| Longest identifier | {identifier} bytes |
| Asynchronous operations, user identity, extended negotiation | not negotiated |

An association is rejected where the called title is not this node's, where the calling title is none (PS3.5 §6.2) or not in the configuration and that takes no
strangers, and where the configuration ties the calling title to another certificate than the one that is shown over TLS, or that one to another title. Of the transfer syntaxes proposed for an object the first that is known is accepted, since it is what the peer would rather send, or get (C-GET); explicit little endian
in place of implicit, where both are proposed. For everything else it is explicit little endian, then implicit. Objects are kept as they came, bit for bit. Over C-GET an object that is not in the compressed transfer
syntax of its context, and has no other, is a failed sub-operation, but for those that are coded anew (below): whoever would have everything proposes uncompressed transfer syntaxes in a context of their own, or alone.

Sending (C-STORE, also for C-MOVE), this node proposes of each class that is sent: one context with explicit and implicit little endian; one for each transfer syntax that objects of the class are kept in,
with that alone; and one with explicit little endian alone. Where these are more than {contexts}, those of the last kind are left out first, then those of transfer syntaxes that are decoded here. An object goes out as it is kept,
bit for bit, where the peer takes that; otherwise it is written anew in explicit little endian, or where the peer does not take that either, in implicit, which every node speaks: so it is at a C-GET too, where to a peer that takes neither what is decoded here goes coded anew without loss, in the first of {coded} that it takes and of which the picture is. Written anew otherwise
its pixels are uncompressed and its image pixel module says so; sequences and items have undefined length, group lengths are left out, private and unknown elements keep their values. UIDs stay, and so does what says
that pixels were once compressed with a loss. A sequence that holds a compressed picture, such as an icon or a maker's thumbnail, is left out. What is decoded is marked below, but for colour in JPEG-LS; an object in another transfer syntax goes to peers that take that one, and is a failed sub-operation, or not sent, for others.

Storage commitment is reported when every instance has been read back from where it is kept: over an association that this node makes, with a peer whose
address the configuration has; over the same association otherwise. A report to such a peer is written down before its request is answered, and is owed until it is taken: it is
tried {attempts} times in all within {hours} hours, also when the program was ended or killed meanwhile.
Where this node asks for commitment, the report is taken over the same association or over one that the peer makes, in which it may propose to be the provider.

What a person has sent to another node waits in a queue that survives the program, and goes out over one association for a study or series, and another one where an instance turned out to be unreadable half-way. Where there is no
connection, where it breaks off, and where the other node has no room (A7xx), the rest is tried again nine times in all within 18 hours. Four go to one node at a time, so that one that does not answer holds up no other. A node that the
configuration marks so is then asked for storage commitment of what it has taken, also where some of it could not be sent, and of everything once more when it has taken the rest.

People search and fetch from a node that the configuration marks so: studies by C-FIND in the study root model, else the patient root model, at most 100, after which the node is told to stop (C-CANCEL). What is fetched
waits in the same queue: its series and instances are listed by C-FIND, and where not all of them are here, the study or series is asked for by C-GET or C-MOVE, as the configuration says. For C-GET a presentation context is proposed for each class that
the node listed (for those of breast imaging where it lists none) and each transfer syntax, as far as {contexts} contexts reach, with the role of provider. By hand a node is asked for these and for the others of the table below, by C-FIND at all levels:
`peony ask echo`, `worklist`, `commitment`, `find`, `get` and `move`.

The worklist shows orders that are not performed yet, also those of which a step is IN PROGRESS (Scheduled Procedure Step Status says which): keys are matched by single value, list of UIDs, wildcard, range (date and time as one
period where both are ranges) and within the scheduled procedure step; names without regard to case. An order without a station is shown to every station, as one of the station that is asked for or that asks; one without a time at every time of its day, as of 0000. A key that orders do not have
is answered empty. A performed step goes from IN PROGRESS to COMPLETED or DISCONTINUED and no further. It is completed by whoever says when it ended and which series
were made, be it with the last word or before; that there are none is taken from whoever says so with the last word, and DISCONTINUED without anything. It starts and ends the orders that its scheduled
step attributes name by study and step, which it names when it begins and no others later; one that is discontinued since another entry was meant (110514, DCM) counts as none. Of several steps of an order
one that is IN PROGRESS goes before one that is COMPLETED, and that before one that is DISCONTINUED; an order without any is on the worklist unless it was cancelled. A completed step makes its study complete
where every instance that it lists is here; so does a storage commitment by this node of every instance of a study, where nothing that was asked for is missing; otherwise
a study is complete when nothing has come for a while.

What is asked for is asked of what the calling title may see: with several sites, the studies, orders and performed steps of the site that the title is of, or of none
where it is of none. Objects are taken from everybody who has an association, but for those of a study of another site and those with the UID of an object of one.

Identifiers are answered in Unicode (ISO_IR 192) where they are not plain ASCII; queries are read in any character set of DICOM.
What this node asks is in Unicode, which says that answers may be, too; they are read in any character set of DICOM.

",
        context = crate::acceptor::APPLICATION_CONTEXT,
        contexts = presentation::MOST,
        request = request_time.as_secs(),
        pdu = pdu_time.as_secs(),
        idle = idle_time.as_secs(),
        release = release_time.as_secs(),
        command = command::MOST_BYTES,
        identifier = identifier::MOST_BYTES,
        attempts = patience.waits.len() + 1,
        hours = patience.waits.iter().sum::<Duration>().as_secs() / 3600,
    )?;
    let (objects, services): (Vec<&SopClass>, Vec<&SopClass>) =
        sop_class::TABLE.iter().partition(|class| class.service == Service::Storage);
    writeln!(text, "## Services\n\n| SOP class | UID | provider | user, reached by |\n|---|---|---|---|")?;
    for class in services {
        let user = reached_by(class.service);
        writeln!(text, "| {} | `{}` | yes | {user} |", name(class), class.uid)?;
    }
    writeln!(
        text,
        "\n## Objects\n
Taken by C-STORE, sent by C-STORE (for C-MOVE too) and by C-GET; unless the configuration says otherwise (`dicom.only_known_classes`), and sent in any case, so are objects of every other class
that may be one of storage: those below `1.2.840.10008.5.1.4.1.1`, and those below no arc of the standard (`1.2.840.10008`), which are makers' own. Of a maker's own class that is
of no objects a context is agreed to as well, and every operation but C-STORE in it is answered as not recognized.\n
| SOP class | UID |\n|---|---|"
    )?;
    for class in objects {
        writeln!(text, "| {} | `{}` |", name(class), class.uid)?;
    }
    writeln!(
        text,
        "\n## Transfer syntaxes of objects\n\n| Transfer syntax | UID | written anew in little endian |\n|---|---|---|"
    )?;
    for syntax in transfer_syntax::TABLE {
        let decoded = TransferSyntax::of(syntax.uid.as_bytes()).is_ok();
        let anew = if decoded { "yes" } else { "no" };
        writeln!(text, "| {}{} | `{}` | {anew} |", syntax.name, retired(syntax.retired), syntax.uid)?;
    }
    writeln!(text, "\n## Statuses\n\n| Operation | Status | | When |\n|---|---|---|---|")?;
    for status::Row { operation, status, when } in status::TABLE {
        writeln!(text, "| {operation} | {status} | {:?} | {when} |", status.kind())?;
    }
    Ok(())
}

/// Who makes this node the user of a service.
const fn reached_by(service: Service) -> &'static str {
    match service {
        Service::Verification => "`peony ask echo`",
        Service::Storage => "what is sent",
        Service::Find(Model::PatientStudyOnly)
        | Service::Move(Model::PatientStudyOnly)
        | Service::Get(Model::PatientStudyOnly)
        | Service::PerformedStep => "no",
        Service::Find(_) => "the page of other nodes, `peony ask find`",
        Service::Move(_) => "the page of other nodes, `peony ask move`",
        Service::Get(_) => "the page of other nodes, `peony ask get`",
        Service::Commitment => "what is sent, `peony ask commitment`",
        Service::Worklist => "`peony ask worklist`",
    }
}

fn name(class: &SopClass) -> String {
    format!("{}{}", class.name, retired(class.retired))
}

const fn retired(retired: bool) -> &'static str {
    if retired { " (retired)" } else { "" }
}
