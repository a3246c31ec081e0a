//! Presentation contexts: what a peer proposes, held against the tables (PS3.8 §7.1.1.13, PS3.7 Annex D).

use dicom_ul::pdu::{
    PresentationContextProposed, PresentationContextResult, PresentationContextResultReason as Result,
    RequestorRoles, UserVariableItem,
};

use crate::sop_class::{self, Service, SopClass};
use crate::transfer_syntax::{self, EXPLICIT_LITTLE, IMPLICIT_LITTLE};

/// How many contexts an association has at most: they are numbered by the odd numbers of a byte.
pub const MOST: usize = 128;

/// An agreed presentation context.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Context {
    /// Its number.
    pub id: u8,
    /// What it is for.
    pub class: SopClass,
    /// How its data sets are written, of [`transfer_syntax::TABLE`].
    pub transfer_syntax: &'static str,
    /// The one who asked for the association may be the provider of its service: it takes objects by C-GET.
    pub requestor_provides: bool,
}

/// Proposed contexts are numbered otherwise than PS3.8 §9.3.2.2 says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BadNumbers;

/// The answer to what a peer proposes: to each context, to each role, and what was agreed.
pub struct Answer {
    /// A line for each proposed context.
    pub results: Vec<PresentationContextResult>,
    /// The roles of those classes for which roles were proposed.
    pub roles: Vec<UserVariableItem>,
    /// What was agreed.
    pub contexts: Vec<Context>,
}

/// Answers a proposal. Classes of objects that are not in the table are agreed to where `unknown_classes` says so.
///
/// # Errors
/// [`BadNumbers`] where a number is even or comes twice.
pub fn answer(
    proposed: &[PresentationContextProposed],
    user_variables: &[UserVariableItem],
    unknown_classes: bool,
) -> std::result::Result<Answer, BadNumbers> {
    let mut seen = [false; 256];
    for context in proposed {
        let seen = &mut seen[usize::from(context.id)];
        if context.id.is_multiple_of(2) || std::mem::replace(seen, true) {
            return Err(BadNumbers);
        }
    }
    let class_of = |text: &str| sop_class::of(uid(text)).filter(|class| unknown_classes || class.is_known());
    let roles: Vec<(SopClass, RequestorRoles)> =
        user_variables.iter().filter_map(|item| roles_of(item, class_of)).collect();
    let mut answer = Answer { results: Vec::new(), roles: Vec::new(), contexts: Vec::new() };
    for (class, roles) in &roles {
        answer.roles.push(UserVariableItem::ScuScpRoleSelectionSubItem(class.uid.to_string(), *roles));
    }
    for context in proposed {
        let class = class_of(&context.abstract_syntax).ok_or(Result::AbstractSyntaxNotSupported);
        let decided = class.and_then(|class| Ok((transfer_syntax_for(&class, context)?, class)));
        let (reason, transfer_syntax) = match decided {
            Ok((transfer_syntax, class)) => {
                let requestor_provides = roles.iter().any(|(of, roles)| *of == class && roles.scp);
                answer.contexts.push(Context { id: context.id, class, transfer_syntax, requestor_provides });
                (Result::Acceptance, transfer_syntax)
            }
            // Of a refused context the transfer syntax means nothing, and must be there.
            Err(reason) => (reason, IMPLICIT_LITTLE),
        };
        let (id, transfer_syntax) = (context.id, transfer_syntax.to_owned());
        answer.results.push(PresentationContextResult { id, reason, transfer_syntax });
    }
    Ok(answer)
}

/// What is agreed to of proposed roles (PS3.7 §D.3.3.4): a peer may take objects as well as send them, and may report a storage commitment; nothing
/// else is the other way round.
fn roles_of(
    item: &UserVariableItem,
    class_of: impl Fn(&str) -> Option<SopClass>,
) -> Option<(SopClass, RequestorRoles)> {
    let UserVariableItem::ScuScpRoleSelectionSubItem(uid, roles) = item else { return None };
    let class = class_of(uid)?;
    let scp = roles.scp && matches!(class.service, Service::Storage | Service::Commitment);
    Some((class, RequestorRoles { scu: roles.scu, scp }))
}

fn transfer_syntax_for(
    class: &SopClass,
    context: &PresentationContextProposed,
) -> std::result::Result<&'static str, Result> {
    let proposed = context.transfer_syntaxes.iter().map(|syntax| uid(syntax));
    let transfer_syntax = match class.service {
        Service::Storage => for_objects(proposed),
        _ => [EXPLICIT_LITTLE, IMPLICIT_LITTLE]
            .into_iter()
            .find(|ours| proposed.clone().any(|uid| uid == *ours)),
    };
    transfer_syntax.ok_or(Result::TransferSyntaxesNotSupported)
}

/// The first that the peer names is what it would rather have, sending and getting alike, and objects stay as they come. Only where that is implicit
/// little endian, explicit is asked for: it says of private elements what they are.
fn for_objects<'a>(proposed: impl Iterator<Item = &'a str> + Clone) -> Option<&'static str> {
    let first = proposed.clone().find_map(transfer_syntax::of)?.uid;
    let explicit = first == IMPLICIT_LITTLE && { proposed }.any(|uid| uid == EXPLICIT_LITTLE);
    Some(if explicit { EXPLICIT_LITTLE } else { first })
}

/// A UID as peers write it, some with padding that does not belong there (PS3.8 Annex F).
fn uid(text: &str) -> &str {
    text.trim_matches(['\0', ' '])
}
