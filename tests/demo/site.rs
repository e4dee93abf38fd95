//! A small site to order bread at: a home page, a form, an answer.

use axum::Router;
use axum::extract::Query;
use axum::response::Html;
use axum::routing::get;
use duotab_test_support::Colour;
use serde::Deserialize;

/// The band at the top of each page.
pub(crate) const HOME: Colour = [0x14, 0x53, 0x2d];
pub(crate) const ORDER: Colour = [0x7c, 0x2d, 0x12];
pub(crate) const ANSWER: Colour = [0x1e, 0x3a, 0x8a];

/// What the form asks.
#[derive(Deserialize)]
struct Wish {
    name: String,
}

pub(crate) fn pages() -> Router {
    Router::new()
        .route("/", get(home))
        .route("/order", get(order))
        .route("/answer", get(answer))
}

fn page(title: &str, [red, green, blue]: Colour, body: &str) -> Html<String> {
    Html(format!(
        "<!doctype html><html lang=en><meta charset=utf-8><title>{title}</title>
        <link rel=icon href=\"data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' \
            viewBox='0 0 8 8'%3E%3Ccircle cx='4' cy='4' r='4' fill='%23d97706'/%3E%3C/svg%3E\">
        <style>
            body {{ margin: 0; font: 17px/1.55 'DejaVu Sans', sans-serif; color: #292524;
                background: #faf7f2 }}
            header {{ padding: 22px 6vw; background: rgb({red} {green} {blue}); color: #fff;
                font-weight: 600; letter-spacing: .02em }}
            main {{ max-width: 720px; margin: 34px 6vw }}
            h1 {{ margin: 0 0 12px; font-size: 34px; line-height: 1.2; letter-spacing: -.02em }}
            p {{ margin: 0 0 20px }}
            ul {{ display: flex; flex-wrap: wrap; gap: 14px; margin: 0 0 26px; padding: 0;
                list-style: none }}
            li {{ flex: 1 1 160px; padding: 16px 18px; border-radius: 12px; background: #fff;
                box-shadow: 0 1px 3px rgb(0 0 0 / 14%) }}
            li b {{ display: block }}
            .button {{ display: inline-block; padding: 12px 22px; border: 0; border-radius: 10px;
                background: rgb({red} {green} {blue}); color: #fff; font: inherit;
                font-weight: 600; text-decoration: none; cursor: pointer }}
            label {{ display: block; margin-bottom: 6px; font-weight: 600 }}
            input {{ width: 320px; padding: 11px 14px; border: 1px solid #a8a29e;
                border-radius: 10px; font: inherit }}
            form p {{ display: flex; gap: 12px }}
        </style>
        <header>Harbour Bakery</header><main>{body}</main></html>"
    ))
}

async fn home() -> Html<String> {
    page(
        "Harbour Bakery",
        HOME,
        "<h1>Bread from six in the morning</h1>
        <p>Rye, spelt and wheat, baked on stone. Order today, and it is on your table tomorrow.</p>
        <ul><li><b>Rye</b>dark, 1 kg</li><li><b>Spelt</b>with seeds, 750 g</li>
        <li><b>Wheat</b>crusty, 500 g</li></ul>
        <a class=button id=order href=/order>Order bread</a>",
    )
}

async fn order() -> Html<String> {
    page(
        "Order · Harbour Bakery",
        ORDER,
        "<h1>Your order</h1><p>Two loaves of rye. Who is it for?</p>
        <form action=/answer><label for=name>Name</label>
        <p><input id=name name=name autocomplete=off autofocus>
        <button class=button>Send</button></p></form>",
    )
}

async fn answer(Query(wish): Query<Wish>) -> Html<String> {
    let name: String = wish
        .name
        .chars()
        .filter(|sign| !"<>&".contains(*sign))
        .collect();
    page(
        &format!("Thank you, {name}"),
        ANSWER,
        &format!(
            "<h1>Thank you, {name}</h1><p>Your bread is ready tomorrow at six.</p>
            <a class=button href=/>Back to the shop</a>"
        ),
    )
}
