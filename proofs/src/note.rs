//! Signed notes as C2SP `signed-note` tells: lines of text, an empty line, then a line for each signature. Only Ed25519;
//! signatures of other kinds and by other keys may stand beside ours and are left alone.

use std::{fmt, str::FromStr};

use aws_lc_rs::{
    digest::{SHA256, digest},
    signature::{ED25519, UnparsedPublicKey},
};
use base64::{Engine, engine::general_purpose::STANDARD};

/// The kind of signature: Ed25519, as key ids and verifier keys say it.
const ED25519_KIND: u8 = 1;
/// A key id is a hint, not a promise: so many bytes.
const ID_BYTES: usize = 4;
/// What a signature line begins with.
const DASH: &str = "— ";
/// Largest note that is looked at, in bytes.
const NOTE_BYTES_MAX: usize = 64 * 1024;

/// Why a note is not believed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NoteError {
    /// Not text, an empty line, and signature lines.
    #[error("not a signed note")]
    Malformed,
    /// None of its signatures is by this key.
    #[error("the note is not signed by the expected key")]
    NotSigned,
    /// There is a signature by this key, and it does not fit the text.
    #[error("the note's signature does not fit its text")]
    Forged,
}

/// Whatever can sign: the installation's key, or that of a test.
pub trait Signer {
    fn public(&self) -> [u8; 32];
    fn sign(&self, message: &[u8]) -> [u8; 64];
}

/// A public key with the name it signs under.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VerifierKey {
    pub name: String,
    pub public: [u8; 32],
}

impl VerifierKey {
    fn id(&self) -> [u8; ID_BYTES] {
        let named = [self.name.as_bytes(), b"\n", &[ED25519_KIND], &self.public].concat();
        let mut id = [0; ID_BYTES];
        id.copy_from_slice(&digest(&SHA256, &named).as_ref()[..ID_BYTES]);
        id
    }

    /// The same key under another name.
    pub fn named(&self, name: &str) -> VerifierKey {
        VerifierKey { name: name.to_owned(), public: self.public }
    }
}

impl fmt::Display for VerifierKey {
    /// `name+id+key`, as tools for notes take it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let key = [&[ED25519_KIND], self.public.as_slice()].concat();
        write!(f, "{}+{}+{}", self.name, hex::encode(self.id()), STANDARD.encode(key))
    }
}

/// Text that is no verifier key of a kind that is known here.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a verifier key: it is like name+1a2b3c4d+AbCd…")]
pub struct NotAVerifierKey;

impl FromStr for VerifierKey {
    type Err = NotAVerifierKey;

    fn from_str(text: &str) -> Result<VerifierKey, NotAVerifierKey> {
        let mut parts = text.splitn(3, '+');
        let (name, id, key) = (parts.next(), parts.next(), parts.next());
        let (Some(name), Some(id), Some(key)) = (name, id, key) else { return Err(NotAVerifierKey) };
        let key = STANDARD.decode(key).map_err(|_| NotAVerifierKey)?;
        let public = match key.split_first() {
            Some((&ED25519_KIND, public)) => public.try_into().map_err(|_| NotAVerifierKey)?,
            _ => return Err(NotAVerifierKey),
        };
        let key = VerifierKey { name: name.to_owned(), public };
        let fits = is_a_name(name) && hex::encode(key.id()) == id;
        fits.then_some(key).ok_or(NotAVerifierKey)
    }
}

/// A note: its text, and what is said to sign it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Note {
    text: String,
    signatures: Vec<Signature>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Signature {
    name: String,
    id: [u8; ID_BYTES],
    bytes: Vec<u8>,
}

impl Note {
    /// Signs a text under a name. The text ends with a line break and has no control characters but those.
    pub fn sign(text: String, name: &str, signer: &impl Signer) -> Note {
        debug_assert!(text.ends_with('\n') && is_a_name(name), "whoever makes a note knows its shape");
        let key = VerifierKey { name: name.to_owned(), public: signer.public() };
        let signature =
            Signature { name: key.name.clone(), id: key.id(), bytes: signer.sign(text.as_bytes()).to_vec() };
        Note { text, signatures: vec![signature] }
    }

    /// The text, once it is certain that this key has signed it.
    ///
    /// # Errors
    /// [`NoteError::NotSigned`], [`NoteError::Forged`]
    pub fn verified_by(&self, key: &VerifierKey) -> Result<&str, NoteError> {
        let id = key.id();
        let mut ours = self.signatures.iter().filter(|signature| signature.name == key.name && signature.id == id);
        let signature = ours.next().ok_or(NoteError::NotSigned)?;
        let public = UnparsedPublicKey::new(&ED25519, key.public);
        let fits = public.verify(self.text.as_bytes(), &signature.bytes).is_ok() && ours.next().is_none();
        fits.then_some(self.text.as_str()).ok_or(NoteError::Forged)
    }

    /// The text, by whomever.
    pub fn unverified(&self) -> &str {
        &self.text
    }
}

impl fmt::Display for Note {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.text)?;
        for signature in &self.signatures {
            let bytes = [signature.id.as_slice(), &signature.bytes].concat();
            writeln!(f, "{DASH}{} {}", signature.name, STANDARD.encode(bytes))?;
        }
        Ok(())
    }
}

impl FromStr for Note {
    type Err = NoteError;

    fn from_str(note: &str) -> Result<Note, NoteError> {
        let controls = note.chars().any(|c| c.is_control() && c != '\n');
        if note.len() > NOTE_BYTES_MAX || controls || !note.ends_with('\n') {
            return Err(NoteError::Malformed);
        }
        // The last empty line: a text may have empty lines of its own.
        let border = note.rfind("\n\n").ok_or(NoteError::Malformed)?;
        let signatures: Option<Vec<Signature>> = note[border + 2..].lines().map(signature).collect();
        let signatures = signatures.filter(|signatures| !signatures.is_empty()).ok_or(NoteError::Malformed)?;
        Ok(Note { text: note[..=border].to_owned(), signatures })
    }
}

fn signature(line: &str) -> Option<Signature> {
    let (name, encoded) = line.strip_prefix(DASH)?.split_once(' ')?;
    let decoded = STANDARD.decode(encoded).ok()?;
    let (id, bytes) = decoded.split_first_chunk::<ID_BYTES>()?;
    let whole = is_a_name(name) && !bytes.is_empty();
    whole.then(|| Signature { name: name.to_owned(), id: *id, bytes: bytes.to_vec() })
}

/// Names have neither blanks nor plus signs.
fn is_a_name(name: &str) -> bool {
    !name.is_empty() && !name.contains(|c: char| c.is_whitespace() || c == '+')
}
