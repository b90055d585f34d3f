//! Checkpoints as C2SP `tlog-checkpoint` tells: which tree, how many leaves, which root; three lines of a signed note.

use base64::{Engine, engine::general_purpose::STANDARD};

use crate::{
    hash::Hash,
    note::{Note, NoteError, Signer, VerifierKey},
};

/// What a checkpoint says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checkpoint {
    /// Names the tree for ever; also the name of the key that signs for it.
    pub origin: String,
    pub size: u64,
    pub root: Hash,
}

/// Why a text is not taken for a checkpoint.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotACheckpoint {
    #[error(transparent)]
    Note(#[from] NoteError),
    /// Signed perhaps, but not three lines of origin, size and root.
    #[error("the note is not a checkpoint")]
    Malformed,
}

impl Checkpoint {
    /// What is signed.
    pub fn text(&self) -> String {
        format!("{}\n{}\n{}\n", self.origin, self.size, STANDARD.encode(self.root.0))
    }

    /// Reads what was signed. Lines after the third are extensions, and left alone.
    pub fn parse(text: &str) -> Option<Checkpoint> {
        let mut lines = text.lines();
        let (origin, digits, root) = (lines.next()?, lines.next()?, lines.next()?);
        let size: u64 = digits.parse().ok()?;
        let root = Hash::from_bytes(&STANDARD.decode(root).ok()?)?;
        let sound = !origin.is_empty() && size.to_string() == digits;
        sound.then(|| Checkpoint { origin: origin.to_owned(), size, root })
    }

    /// The note, signed under the tree's own name.
    pub fn sign(&self, signer: &impl Signer) -> Note {
        Note::sign(self.text(), &self.origin, signer)
    }

    /// What a note says, if this key has signed it under the name of the tree it speaks of, whichever tree that is.
    ///
    /// # Errors
    /// [`NotACheckpoint`]
    pub fn open(note: &str, key: &VerifierKey) -> Result<Checkpoint, NotACheckpoint> {
        let note: Note = note.parse()?;
        let claimed = Checkpoint::parse(note.unverified()).ok_or(NotACheckpoint::Malformed)?;
        note.verified_by(&key.named(&claimed.origin))?;
        Ok(claimed)
    }
}
