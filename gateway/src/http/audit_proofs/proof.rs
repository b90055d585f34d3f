//! That a commit is in the tree, that a tree continues another, that a checkpoint is in the top log.

use aggregates::id::MerchantId;
use axum::{Json, extract::State};
use projections::transparency::{TreeId, consistency, entry, inclusion, leaf_at};
use proofs::Hash;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::super::body::Params;
use crate::{
    auth::Caller,
    gateway::Gateway,
    problem::{Code, Problem},
};

#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct InclusionParams {
    /// Of the commit, as every answer to a write gives it.
    pub position: u64,
}

/// That a commit is in the merchant's tree. Hashes are in hex digits.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct InclusionProof {
    pub position: u64,
    /// Which commit of the merchant it is, from 0.
    pub leaf_index: u64,
    pub leaf_hash: String,
    /// Leaves of the tree that `checkpoint` speaks of.
    pub tree_size: u64,
    /// From the leaf upwards (RFC 6962).
    pub hashes: Vec<String>,
    /// The signed note whose root the proof leads to.
    pub checkpoint: String,
}

/// Proves that a commit is in the merchant's tree. 503 until the commit is under a signature, which takes a minute at most.
#[utoipa::path(
    get, path = "/v1/audit/proofs/inclusion", tag = "audit", security(("api_key" = [])), params(InclusionParams),
    responses((status = 200, body = InclusionProof), (status = 404, body = crate::problem::ProblemDocument))
)]
pub async fn of_commit(
    State(gateway): State<Gateway>,
    caller: Caller,
    Params(params): Params<InclusionParams>,
) -> Result<Json<InclusionProof>, Problem> {
    gateway.inclusion_proof(caller.merchant(), params.position).await.map(Json)
}

#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct ConsistencyParams {
    /// Leaves of the tree that is known.
    pub from: u64,
    /// Leaves of the tree that should continue it; those of the newest checkpoint unless said.
    pub to: Option<u64>,
}

/// That a tree is the beginning of another. Hashes are in hex digits.
#[derive(Debug, Serialize, ToSchema)]
pub struct ConsistencyProof {
    pub from: u64,
    pub to: u64,
    /// As RFC 6962 orders them.
    pub hashes: Vec<String>,
    /// The newest signed note.
    pub checkpoint: String,
}

/// Proves that the merchant's tree of one size is the beginning of that of another.
#[utoipa::path(
    get, path = "/v1/audit/proofs/consistency", tag = "audit", security(("api_key" = [])), params(ConsistencyParams),
    responses((status = 200, body = ConsistencyProof), (status = 404, body = crate::problem::ProblemDocument))
)]
pub async fn of_growth(
    State(gateway): State<Gateway>,
    caller: Caller,
    Params(params): Params<ConsistencyParams>,
) -> Result<Json<ConsistencyProof>, Problem> {
    gateway.consistency(TreeId::of(caller.merchant()), params).await.map(Json)
}

/// Proves that the top log of one size is the beginning of that of another.
#[utoipa::path(
    get, path = "/audit/proofs/consistency", tag = "audit", params(ConsistencyParams),
    responses((status = 200, body = ConsistencyProof), (status = 404, body = crate::problem::ProblemDocument))
)]
pub async fn of_top_growth(
    State(gateway): State<Gateway>,
    Params(params): Params<ConsistencyParams>,
) -> Result<Json<ConsistencyProof>, Problem> {
    gateway.consistency(TreeId::TOP, params).await.map(Json)
}

/// That the merchant's newest checkpoint is in the top log. Hashes are in hex digits.
#[derive(Debug, Serialize, ToSchema)]
pub struct AnchorProof {
    /// The merchant's newest checkpoint.
    pub checkpoint: String,
    /// Which leaf of the top log it is. The leaf is made of the checkpoint's text without its signature.
    pub leaf_index: u64,
    pub leaf_hash: String,
    pub hashes: Vec<String>,
    /// The signed note of the top log whose root the proof leads to.
    pub top_checkpoint: String,
}

/// Proves that the merchant's newest checkpoint is in the top log, with everybody else's.
#[utoipa::path(
    get, path = "/v1/audit/proofs/anchor", tag = "audit", security(("api_key" = [])),
    responses((status = 200, body = AnchorProof), (status = 404, body = crate::problem::ProblemDocument))
)]
pub async fn of_checkpoint(State(gateway): State<Gateway>, caller: Caller) -> Result<Json<AnchorProof>, Problem> {
    // The top log is signed in the same transaction as what it holds, and read after it.
    let (_, signed) = gateway.signed(TreeId::of(caller.merchant())).await?;
    let (_, top) = gateway.signed(TreeId::TOP).await?;
    let index = signed.entry.ok_or_else(|| Problem::of(Code::Internal))?;
    let leaf = entry(&gateway.db, index).await?.ok_or_else(|| Problem::of(Code::Internal))?;
    let hashes = inclusion(&gateway.db, TreeId::TOP, index, top.size).await?;
    Ok(Json(AnchorProof {
        checkpoint: signed.note,
        leaf_index: index,
        leaf_hash: leaf.to_string(),
        hashes: text(&hashes),
        top_checkpoint: top.note,
    }))
}

impl Gateway {
    /// The proof that a commit of this merchant is in its tree; whoever certifies something about a commit adds it.
    pub(crate) async fn inclusion_proof(&self, merchant: MerchantId, position: u64) -> Result<InclusionProof, Problem> {
        let tree = TreeId::of(merchant);
        let leaf = leaf_at(&self.db, tree, position).await?.ok_or_else(|| Problem::of(Code::NotFound))?;
        let (_, signed) = self.signed(tree).await?;
        if leaf.index >= signed.size {
            return Err(Problem::saying(Code::ReadModelBehind, "the commit is not under a signature yet"));
        }
        let hashes = inclusion(&self.db, tree, leaf.index, signed.size).await?;
        Ok(InclusionProof {
            position: leaf.position,
            leaf_index: leaf.index,
            leaf_hash: leaf.hash.to_string(),
            tree_size: signed.size,
            hashes: text(&hashes),
            checkpoint: signed.note,
        })
    }

    async fn consistency(&self, tree: TreeId, params: ConsistencyParams) -> Result<ConsistencyProof, Problem> {
        let (_, signed) = self.signed(tree).await?;
        let to = params.to.unwrap_or(signed.size);
        if params.from > to || to > signed.size {
            let detail = format!("`from` is at most `to`, and that at most {}, the signed tree's size", signed.size);
            return Err(Problem::saying(Code::MalformedRequest, detail));
        }
        let hashes = consistency(&self.db, tree, params.from, to).await?;
        Ok(ConsistencyProof { from: params.from, to, hashes: text(&hashes), checkpoint: signed.note })
    }
}

fn text(hashes: &[Hash]) -> Vec<String> {
    hashes.iter().map(Hash::to_string).collect()
}
