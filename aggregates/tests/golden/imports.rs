//! Samples of what happens to imports.

use aggregates::{
    id::ImportId,
    import::{
        Column, Counts, DateOrder, Existing, ImportEvent, ImportFinished, ImportOpened, PieceTaken, Rejection,
        RejectionReason, Source,
    },
};

use crate::values::*;

pub fn samples() -> Vec<ImportEvent> {
    let import = ImportId(uuid(0x1a));
    let opened = |source, existing, date_order| {
        ImportEvent::Opened(ImportOpened {
            import,
            upload: uuid(0x1b),
            source,
            dry_run: existing == Existing::Reject,
            existing,
            date_order,
            content: [0xc0; 16],
            rows: 1_200,
            pieces: 3,
            at: at(1),
        })
    };
    let rejections = RejectionReason::ALL.iter().zip(Column::ALL.iter().cycle()).zip(2..);
    let rejections = rejections.map(|((reason, column), line)| Rejection { line, column: *column, reason: *reason });
    let counts = Counts { created: 1, updated: 2, unchanged: 3, rejected: 16, lots: 4, points: -5 };
    vec![
        opened(Source::Own, Existing::Update, DateOrder::Unknown),
        opened(Source::Smile, Existing::Reject, DateOrder::DayFirst),
        opened(Source::Loyaltylion, Existing::Update, DateOrder::MonthFirst),
        opened(Source::Yotpo, Existing::Update, DateOrder::Unknown),
        ImportEvent::PieceTaken(PieceTaken { import, piece: 2, counts, rejections: rejections.collect(), at: at(2) }),
        ImportEvent::Finished(ImportFinished { import, at: at(3) }),
        ImportEvent::Abandoned(ImportFinished { import, at: at(4) }),
    ]
}
