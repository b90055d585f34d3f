//! What an auditor fetches: checkpoints, proofs and tiles. A merchant sees its own tree and nobody else's; everybody may
//! see the top log, whose leaves are hashes of the merchants' checkpoints.
//!
//! | file | its idea |
//! |---|---|
//! | [`proof`] | that a commit is in the tree, that a tree continues another, that a checkpoint is in the top log |
//! | [`tile`] | the hashes themselves, as C2SP tiles |

pub mod proof;
pub mod tile;

use axum::{extract::State, http::header, response::IntoResponse};
use projections::transparency::{KEY_USAGE, Names, ProofError, SignedCheckpoint, TreeId, adoptions, latest};

use crate::{
    auth::Caller,
    commands::CommandError,
    gateway::Gateway,
    problem::{Code, Problem},
};

/// A note is text, and never older than what was asked for.
const TEXT: [(header::HeaderName, &str); 2] =
    [(header::CONTENT_TYPE, "text/plain; charset=utf-8"), (header::CACHE_CONTROL, "no-cache")];

/// The newest checkpoint of the top log: a signed note (C2SP tlog-checkpoint). Keep one, and the whole log can be verified
/// against it later.
#[utoipa::path(
    get, path = "/audit/checkpoint", tag = "audit",
    responses((status = 200, body = String, content_type = "text/plain"), (status = 404, body = crate::problem::ProblemDocument))
)]
pub async fn top_checkpoint(State(gateway): State<Gateway>) -> Result<impl IntoResponse, Problem> {
    let (_, signed) = gateway.signed(TreeId::TOP).await?;
    Ok((TEXT, signed.note))
}

/// The newest checkpoint of the merchant's own tree: a signed note (C2SP tlog-checkpoint).
#[utoipa::path(
    get, path = "/v1/audit/checkpoint", tag = "audit", security(("api_key" = [])),
    responses((status = 200, body = String, content_type = "text/plain"), (status = 404, body = crate::problem::ProblemDocument))
)]
pub async fn checkpoint(State(gateway): State<Gateway>, caller: Caller) -> Result<impl IntoResponse, Problem> {
    let (_, signed) = gateway.signed(TreeId::of(caller.merchant())).await?;
    Ok((TEXT, signed.note))
}

impl Gateway {
    /// The newest signed checkpoint of a tree, and what trees are called. 404 before the first.
    async fn signed(&self, tree: TreeId) -> Result<(Names, SignedCheckpoint), Problem> {
        let key = self.vault.installation().map_err(CommandError::from)?.signer(KEY_USAGE);
        let names = Names::new(key.public(), adoptions(&self.db).await?);
        let signed = latest(&self.db, tree, &names.origin(tree)).await?;
        Ok((names, signed.ok_or_else(|| Problem::of(Code::NotFound))?))
    }
}

impl From<ProofError> for Problem {
    fn from(error: ProofError) -> Self {
        match error {
            ProofError::Store(error) => error.into(),
            ProofError::Beyond => Problem::of(Code::NotFound),
            ProofError::Missing(missing) => {
                tracing::error!(error = %missing, "a hash of the transparency log is gone");
                Problem::of(Code::Internal)
            }
        }
    }
}
