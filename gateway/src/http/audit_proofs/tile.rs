//! The hashes themselves, as C2SP tiles: `tile/0/x001/234`, or `tile/0/000.p/17` for one that is not full yet. Only what is
//! under the newest checkpoint. A full tile never changes and may be kept for ever.

use axum::{
    extract::State,
    http::header,
    response::{IntoResponse, Response},
};
use projections::transparency::{TreeId, tile};
use proofs::{Tile, tile::TILE_WIDTH};

use super::super::body::Path;
use crate::{
    auth::Caller,
    gateway::Gateway,
    problem::{Code, Problem},
};

/// `GET /audit/tile/…`: of the top log.
pub async fn of_top(State(gateway): State<Gateway>, Path(path): Path<String>) -> Result<Response, Problem> {
    gateway.tile(TreeId::TOP, &path).await
}

/// `GET /v1/audit/tile/…`: of the merchant's own tree.
pub async fn of_merchant(
    State(gateway): State<Gateway>,
    caller: Caller,
    Path(path): Path<String>,
) -> Result<Response, Problem> {
    gateway.tile(TreeId::of(caller.merchant()), &path).await
}

impl Gateway {
    async fn tile(&self, tree: TreeId, path: &str) -> Result<Response, Problem> {
        let wanted: Tile = path.parse().map_err(|_| Problem::of(Code::NotFound))?;
        let (_, signed) = self.signed(tree).await?;
        let bytes = tile(&self.db, tree, wanted, signed.size).await?.ok_or_else(|| Problem::of(Code::NotFound))?;
        let kept = if wanted.width == TILE_WIDTH { "private, max-age=31536000, immutable" } else { "no-cache" };
        let headers = [(header::CONTENT_TYPE, "application/octet-stream"), (header::CACHE_CONTROL, kept)];
        Ok((headers, bytes).into_response())
    }
}
