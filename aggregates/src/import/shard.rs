//! How far imports are. Pieces are taken in their order, each once.

use std::collections::BTreeMap;

use super::{Counts, ImportEvent, ImportFinished, ImportOpened, PieceTaken};
use crate::{Aggregate, Context, event::Recorded, id::ImportId};

/// Imports are spread over this many subjects per merchant, for ever.
pub const SHARDS: u8 = 4;

/// Finished imports that a shard remembers, so that the same file is recognised. Forgetting one does no harm: its rows are
/// known to the people they are about.
const FINISHED_REMEMBERED_MAX: usize = 64;

#[derive(Debug, Clone)]
pub enum ImportCommand {
    Open(ImportOpened),
    /// The last piece finishes the import.
    TakePiece(PieceTaken),
    /// Its file is gone.
    Abandon(ImportFinished),
}

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ImportRefusal {
    #[error("no such import, or it is finished")]
    NotOpen,
    /// Somebody else has taken pieces meanwhile: go on from there.
    #[error("piece {next} is the next one")]
    NotItsTurn { next: u32 },
}

/// An import as it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ImportProgress {
    pub opened: ImportOpened,
    /// The piece to be taken next; their number, once all are.
    pub next_piece: u32,
    pub counts: Counts,
    pub finished: bool,
    /// Where it was opened: nobody whose last commit is before that was made by it.
    pub opened_at: u64,
    /// Of the last commit about it: nobody whose last commit is before that was made by the piece that is next.
    pub position: u64,
}

#[derive(Debug, Clone, Default)]
pub struct ImportShard {
    pub(super) imports: BTreeMap<ImportId, ImportProgress>,
}

impl ImportShard {
    pub fn import(&self, import: ImportId) -> Option<&ImportProgress> {
        self.imports.get(&import)
    }

    /// The import of the same file, read the same way.
    pub fn same_as(&self, content: [u8; 16], dry_run: bool) -> Option<&ImportProgress> {
        let is_same = |import: &&ImportProgress| (import.opened.content, import.opened.dry_run) == (content, dry_run);
        self.imports.values().find(is_same)
    }

    fn forget_the_oldest(&mut self) {
        let finished = || self.imports.values().filter(|import| import.finished);
        if finished().count() > FINISHED_REMEMBERED_MAX
            && let Some(oldest) = finished().min_by_key(|import| import.position).map(|import| import.opened.import)
        {
            self.imports.remove(&oldest);
        }
    }
}

impl Aggregate for ImportShard {
    const CONTEXT: Context = Context::Import;
    type Event = ImportEvent;
    type Command = ImportCommand;
    type Refusal = ImportRefusal;

    fn decide(&self, command: &ImportCommand) -> Result<Vec<ImportEvent>, ImportRefusal> {
        match command {
            ImportCommand::Abandon(abandoned) => {
                let import = self.import(abandoned.import).filter(|import| !import.finished);
                import.ok_or(ImportRefusal::NotOpen)?;
                Ok(vec![ImportEvent::Abandoned(abandoned.clone())])
            }
            ImportCommand::Open(opened) if self.same_as(opened.content, opened.dry_run).is_some() => Ok(Vec::new()),
            ImportCommand::Open(opened) if opened.pieces == 0 => Ok(vec![
                ImportEvent::Opened(opened.clone()),
                ImportEvent::Finished(ImportFinished { import: opened.import, at: opened.at }),
            ]),
            ImportCommand::Open(opened) => Ok(vec![ImportEvent::Opened(opened.clone())]),
            ImportCommand::TakePiece(taken) => {
                let import = self.import(taken.import).filter(|import| !import.finished);
                let import = import.ok_or(ImportRefusal::NotOpen)?;
                if taken.piece != import.next_piece {
                    return Err(ImportRefusal::NotItsTurn { next: import.next_piece });
                }
                let mut events = vec![ImportEvent::PieceTaken(taken.clone())];
                if taken.piece + 1 == import.opened.pieces {
                    events.push(ImportEvent::Finished(ImportFinished { import: taken.import, at: taken.at }));
                }
                Ok(events)
            }
        }
    }

    fn apply(&mut self, event: &ImportEvent, recorded: &Recorded) {
        let import = match event {
            ImportEvent::Opened(opened) => {
                let progress = ImportProgress {
                    opened: opened.clone(),
                    next_piece: 0,
                    counts: Counts::default(),
                    finished: false,
                    opened_at: recorded.position,
                    position: recorded.position,
                };
                self.imports.insert(opened.import, progress);
                opened.import
            }
            ImportEvent::PieceTaken(taken) => taken.import,
            ImportEvent::Finished(ended) | ImportEvent::Abandoned(ended) => ended.import,
        };
        if let Some(progress) = self.imports.get_mut(&import) {
            progress.position = recorded.position;
            match event {
                ImportEvent::Opened(_) => {}
                ImportEvent::PieceTaken(taken) => {
                    progress.next_piece = taken.piece + 1;
                    progress.counts += taken.counts;
                }
                ImportEvent::Finished(_) | ImportEvent::Abandoned(_) => progress.finished = true,
            }
        }
        self.forget_the_oldest();
    }
}
