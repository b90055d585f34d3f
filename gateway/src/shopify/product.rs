//! `products/create`, `update` and `delete`.

use aggregates::product::{ProductDeleted, ProductStated, ProductVariant};
use serde::Deserialize;

use super::{
    fact::Fact,
    list::List,
    scalar::Scalar,
    unfit::{Problem, Required, UnfitField, Within},
};

#[derive(Deserialize, Default)]
#[serde(default)]
pub(super) struct ProductShape<'a> {
    #[serde(borrow)]
    id: Scalar<'a>,
    title: Scalar<'a>,
    vendor: Scalar<'a>,
    product_type: Scalar<'a>,
    tags: Scalar<'a>,
    status: Scalar<'a>,
    updated_at: Scalar<'a>,
    variants: List<VariantShape<'a>>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct VariantShape<'a> {
    #[serde(borrow)]
    id: Scalar<'a>,
    sku: Scalar<'a>,
}

pub(super) fn read(shape: &ProductShape<'_>) -> Result<Fact, UnfitField> {
    Ok(Fact::Product(ProductStated {
        product_id: shape.id.id().required().at("id")?,
        title: shape.title.owned_text().at("title")?.unwrap_or_default(),
        vendor: shape.vendor.owned_text().at("vendor")?,
        product_type: shape.product_type.owned_text().at("product_type")?,
        tags: tags(shape.tags).at("tags")?,
        status: shape.status.owned_text().at("status")?,
        updated_at: shape.updated_at.time().at("updated_at")?,
        variants: shape.variants.each("variants", VariantShape::variant)?,
    }))
}

pub(super) fn read_deleted(shape: &ProductShape<'_>) -> Result<Fact, UnfitField> {
    Ok(Fact::ProductDeleted(ProductDeleted { product_id: shape.id.id().required().at("id")? }))
}

impl VariantShape<'_> {
    fn variant(&self) -> Result<ProductVariant, UnfitField> {
        Ok(ProductVariant { variant_id: self.id.id().required().at("id")?, sku: self.sku.owned_text().at("sku")? })
    }
}

/// `"cotton, comfortable"`, as the shop's own pages show them.
fn tags(stated: Scalar<'_>) -> Result<Vec<String>, Problem> {
    let text = stated.text()?.unwrap_or_default();
    Ok(text.split(',').map(str::trim).filter(|tag| !tag.is_empty()).map(str::to_owned).collect())
}
