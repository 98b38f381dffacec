//! Pages of HTML that need nothing else, and their files.

use super::figure::Figure;
use crate::data::write_atomically;
use crate::error::{Error, Result};
use std::fmt::Write as _;
use std::path::Path;

/// A page up to its first heading; `title` is escaped already.
pub(crate) fn begin(title: &str) -> String {
    format!(
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <title>{title} · aon report</title>\n<style>\n{}</style>\n</head>\n<body>\n<main>\n",
        include_str!("style.css")
    )
}

/// The end of a page.
pub(crate) fn end(page: &mut String) {
    let version = env!("CARGO_PKG_VERSION");
    let _ = write!(page, "</main>\n<footer>Made by aon {version}.</footer>\n</body>\n</html>\n");
}

/// Text as HTML shows it literally, in elements and in quoted attributes.
pub(crate) fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

/// The numbers to see first: value and what it is, escaped already.
pub(crate) fn headline(page: &mut String, numbers: &[(String, String)]) {
    page.push_str("<ul class=\"numbers\">\n");
    for (value, label) in numbers {
        let _ = writeln!(page, "<li><strong>{value}</strong><span>{label}</span></li>");
    }
    page.push_str("</ul>\n");
}

/// A figure under its heading.
pub(crate) fn section(page: &mut String, figure: &Figure) {
    let Figure { name, title, caption, drawing } = figure;
    let (caption, themed) = (escape(caption), &drawing.themed);
    let _ = write!(
        page,
        "<section>\n<h2>{title}</h2>\n<figure id=\"{name}\">\n\
         <svg role=\"img\" aria-labelledby=\"{name}-title {name}-caption\" {}\
         <figcaption id=\"{name}-caption\">{caption}</figcaption>\n</figure>\n</section>\n",
        themed.replacen('>', &format!("><title id=\"{name}-title\">{title}</title>"), 1),
    );
}

/// A table up to its first row, under a heading; columns of numbers begin with `#`.
pub(crate) fn begin_table(page: &mut String, heading: &str, caption: &str, columns: &[&str]) {
    let caption = if caption.is_empty() { String::new() } else { format!("<caption>{caption}</caption>\n") };
    let head = |column: &&str| match column.strip_prefix('#') {
        Some(name) => format!("<th scope=\"col\" class=\"number\">{name}</th>"),
        None => format!("<th scope=\"col\">{column}</th>"),
    };
    let heads = columns.iter().map(head).collect::<Vec<_>>().concat();
    let _ = write!(
        page,
        "<section>\n<h2>{heading}</h2>\n<div class=\"wide\"><table>\n{caption}<thead><tr>{heads}</tr></thead>\n<tbody>\n"
    );
}

/// The end of a table.
pub(crate) fn end_table(page: &mut String) {
    page.push_str("</tbody></table></div>\n</section>\n");
}

/// Cells of numbers.
pub(crate) fn number_cells(numbers: impl IntoIterator<Item = String>) -> String {
    numbers.into_iter().map(|number| format!("<td class=\"number\">{number}</td>")).collect::<Vec<_>>().concat()
}

/// What was chosen, as label and value, under a heading; nothing where nothing was.
pub(crate) fn choices(page: &mut String, heading: &str, choices: &[(String, String)]) {
    if choices.is_empty() {
        return;
    }
    let _ = write!(page, "<section>\n<h2>{heading}</h2>\n<dl class=\"choices\">\n");
    for (label, value) in choices {
        let _ = writeln!(page, "<div><dt>{}</dt><dd>{}</dd></div>", escape(label), escape(value));
    }
    page.push_str("</dl>\n</section>\n");
}

/// Writes a page, and its figures beside it.
pub(crate) fn write_files(path: &Path, figures: &[Figure], html: &str) -> Result<()> {
    let directory = path.with_file_name("figures");
    std::fs::create_dir_all(&directory).map_err(Error::io("create", &directory))?;
    for figure in figures {
        let file = directory.join(figure.name).with_extension("svg");
        write_atomically(&file, |w| w.write_all(legal(&figure.drawing.standalone).as_bytes()))?;
    }
    write_page(path, html)
}

/// Writes a page alone.
pub(crate) fn write_page(path: &Path, html: &str) -> Result<()> {
    write_atomically(path, |w| w.write_all(legal(html).as_bytes()))
}

/// `text` without the characters that XML 1.0 has no way to write, which names may hold.
fn legal(text: &str) -> String {
    let is_illegal =
        |c: char| matches!(c, '\0'..='\u{8}' | '\u{b}' | '\u{c}' | '\u{e}'..='\u{1f}' | '\u{fffe}' | '\u{ffff}');
    text.replace(is_illegal, "\u{fffd}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_cannot_break_the_page() {
        assert_eq!(legal("a\0\u{1b}[2J\tµ\n\u{ffff}🧠"), "a\u{fffd}\u{fffd}[2J\tµ\n\u{fffd}🧠");
        assert_eq!(escape("<b a=\"1\"> & co"), "&lt;b a=&quot;1&quot;&gt; &amp; co");
    }
}
