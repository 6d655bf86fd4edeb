//! Pages as a browser without scripts understands them: elements, texts, forms. Strict, since the portal writes its
//! pages itself: what does not fit is a fault.

/// A parsed document.
#[derive(Debug, Clone)]
pub struct Html {
    nodes: Vec<Node>,
}

#[derive(Debug, Clone)]
struct Node {
    parent: Option<usize>,
    /// The first node behind all that is inside of this one.
    end: usize,
    what: What,
}

#[derive(Debug, Clone)]
enum What {
    Element { name: String, attributes: Vec<(String, String)> },
    Text(String),
}

/// An element of a document.
#[derive(Debug, Clone, Copy)]
pub struct Element<'a> {
    html: &'a Html,
    at: usize,
}

/// Elements that have no end tag (HTML, 13.1.2).
const VOID: [&str; 9] = ["area", "br", "col", "hr", "img", "input", "link", "meta", "wbr"];

impl Html {
    /// Parses a document.
    pub fn parse(text: &str) -> Self {
        let mut html = Self { nodes: Vec::new() };
        let mut open: Vec<usize> = Vec::new();
        let mut rest = text;
        while !rest.is_empty() {
            let parent = open.last().copied();
            let raw = parent.and_then(|at| html.name(at)).filter(|name| {
                matches!(*name, "script" | "style" | "title" | "textarea") // no elements inside (HTML, 13.1.2.6)
            });
            if let Some(raw) = raw.map(str::to_owned) {
                let end = rest.find(&format!("</{raw}")).unwrap_or_else(|| panic!("<{raw}> has no end"));
                html.add(parent, What::Text(decode(&rest[..end])));
                rest = &rest[end..];
                rest = &rest[rest.find('>').unwrap() + 1..];
                html.close(&mut open, &raw);
            } else if let Some(comment) = rest.strip_prefix("<!") {
                let mark = if comment.starts_with("--") { "-->" } else { ">" };
                rest = &comment[comment.find(mark).expect("a comment has an end") + mark.len()..];
            } else if let Some(closing) = rest.strip_prefix("</") {
                let (name, behind) = closing.split_once('>').expect("a tag has an end");
                html.close(&mut open, name);
                rest = behind;
            } else if let Some(tag) = rest.strip_prefix('<') {
                let (name, attributes, alone, behind) = open_tag(tag);
                let at = html.add(parent, What::Element { name: name.clone(), attributes });
                if !alone && !VOID.contains(&name.as_str()) {
                    open.push(at);
                }
                rest = behind;
            } else {
                let end = rest.find('<').unwrap_or(rest.len());
                html.add(parent, What::Text(decode(&rest[..end])));
                rest = &rest[end..];
            }
        }
        assert!(open.is_empty(), "<{}> is never closed", html.name(open[0]).unwrap_or_default());
        html
    }

    fn add(&mut self, parent: Option<usize>, what: What) -> usize {
        let at = self.nodes.len();
        self.nodes.push(Node { parent, end: at + 1, what });
        at
    }

    fn close(&mut self, open: &mut Vec<usize>, name: &str) {
        let at = open.pop().unwrap_or_else(|| panic!("</{name}> closes nothing"));
        assert_eq!(self.name(at), Some(name), "the wrong element is closed");
        self.nodes[at].end = self.nodes.len();
    }

    fn name(&self, at: usize) -> Option<&str> {
        match &self.nodes[at].what {
            What::Element { name, .. } => Some(name),
            What::Text(_) => None,
        }
    }

    /// All elements, in the order of the document.
    pub fn elements(&self) -> impl Iterator<Item = Element<'_>> {
        let elements = (0..self.nodes.len()).filter(|at| self.name(*at).is_some());
        elements.map(|at| Element { html: self, at })
    }

    /// All elements of a name.
    pub fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = Element<'a>> {
        self.elements().filter(move |element| element.name() == name)
    }

    /// The element of an id.
    pub fn id(&self, id: &str) -> Option<Element<'_>> {
        self.elements().find(|element| element.attribute("id") == Some(id))
    }

    /// The text of the first heading, blanks drawn together.
    pub fn heading(&self) -> String {
        self.all("h1").next().map(|heading| squeeze(&heading.text())).unwrap_or_default()
    }

    /// All text in the main part: its pieces with blanks between, blanks drawn together.
    pub fn text(&self) -> String {
        self.id("main").map(|main| squeeze(&main.texts().collect::<Vec<_>>().join(" "))).unwrap_or_default()
    }

    /// All forms.
    pub fn forms(&self) -> Vec<Form> {
        self.all("form").map(Form::read).collect()
    }

    /// What stands beside a field as wrong with it, tied to its control as screen readers need it. The field is named, or
    /// meant by its id where several forms of the page have one of that name.
    pub fn mistake(&self, field: &str) -> Option<String> {
        let list = format!("{field}[]");
        let named = |element: &Element| {
            element.attribute("name").is_some_and(|name| name == field || name == list)
                || element.attribute("id") == Some(field)
        };
        let control = self.elements().find(named)?;
        let group = control.ancestors().find(|element| element.name() == "fieldset");
        let described =
            [Some(control), group].into_iter().flatten().filter_map(|one| one.attribute("aria-describedby"));
        let ids: Vec<_> = described.flat_map(str::split_whitespace).collect();
        let errors = ids.iter().filter_map(|id| self.id(id)).filter(|element| element.has_class("error"));
        let text = errors.map(|error| squeeze(&error.text())).collect::<Vec<_>>().join(" ");
        let text = text.trim_start_matches("Error:").trim().to_owned();
        (!text.is_empty()).then_some(text)
    }
}

impl<'a> Element<'a> {
    /// Its name.
    pub fn name(&self) -> &'a str {
        self.html.name(self.at).unwrap_or_default()
    }

    /// The value of an attribute; empty where it has none.
    pub fn attribute(&self, name: &str) -> Option<&'a str> {
        match &self.html.nodes[self.at].what {
            What::Element { attributes, .. } => {
                attributes.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
            }
            What::Text(_) => None,
        }
    }

    /// Whether it has a class.
    pub fn has_class(&self, class: &str) -> bool {
        self.attribute("class").is_some_and(|all| all.split_whitespace().any(|one| one == class))
    }

    /// All text inside, exactly as it stands.
    pub fn text(&self) -> String {
        self.texts().collect()
    }

    fn texts(self) -> impl Iterator<Item = &'a str> {
        let inside = &self.html.nodes[self.at..self.html.nodes[self.at].end];
        inside.iter().filter_map(|node| match &node.what {
            What::Text(text) => Some(text.as_str()),
            What::Element { .. } => None,
        })
    }

    /// The elements inside, in the order of the document.
    pub fn inside(self) -> impl Iterator<Item = Element<'a>> {
        let html = self.html;
        (self.at + 1..html.nodes[self.at].end)
            .filter(move |at| html.name(*at).is_some())
            .map(move |at| Element { html, at })
    }

    /// The elements around it, nearest first.
    pub fn ancestors(self) -> impl Iterator<Item = Element<'a>> {
        let html = self.html;
        std::iter::successors(html.nodes[self.at].parent, move |at| html.nodes[*at].parent)
            .map(move |at| Element { html, at })
    }
}

/// A form of a page.
#[derive(Debug, Clone)]
pub struct Form {
    /// Where it is sent to.
    pub action: String,
    /// What is sent when nothing is changed.
    pub values: Values,
    /// The values each radio button or box of a name can send, and whether it is disabled.
    pub choices: Vec<(String, String, bool)>,
    /// The texts of its buttons.
    pub buttons: Vec<String>,
}

/// Names and values as a form sends them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Values(pub Vec<(String, String)>);

impl Form {
    fn read(form: Element) -> Self {
        assert_eq!(form.attribute("method"), Some("post"), "a form that does not post");
        let mut read = Self {
            action: form.attribute("action").unwrap_or_default().to_owned(),
            values: Values::default(),
            choices: Vec::new(),
            buttons: Vec::new(),
        };
        for control in form.inside() {
            let name = control.attribute("name").unwrap_or_default().to_owned();
            let disabled = control.attribute("disabled").is_some();
            let value = control.attribute("value");
            match (control.name(), control.attribute("type").unwrap_or("text")) {
                ("button", kind) if kind != "button" => read.buttons.push(squeeze(&control.text())),
                ("input", "checkbox" | "radio") => {
                    let value = value.unwrap_or("on").to_owned();
                    read.choices.push((name.clone(), value.clone(), disabled));
                    if control.attribute("checked").is_some() && !disabled {
                        read.values.0.push((name, value));
                    }
                }
                ("input", _) if !disabled => read.values.0.push((name, value.unwrap_or_default().to_owned())),
                ("textarea", _) if !disabled => {
                    let text = control.text();
                    // The line break right behind the tag does not count (HTML, 13.2.6.4.7).
                    let text = text.strip_prefix('\n').unwrap_or(&text);
                    // Line ends are sent as CR LF (HTML, 4.10.22.7).
                    read.values.0.push((name, text.replace("\r\n", "\n").replace('\n', "\r\n")));
                }
                _ => {}
            }
        }
        read
    }
}

impl Values {
    /// The first value of a name.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// With this value instead of all of that name.
    #[must_use]
    pub fn with(self, name: &str, value: &str) -> Self {
        self.without(name).and(name, value)
    }

    /// With one more value.
    #[must_use]
    pub fn and(mut self, name: &str, value: &str) -> Self {
        self.0.push((name.into(), value.into()));
        self
    }

    /// Without all of a name.
    #[must_use]
    pub fn without(mut self, name: &str) -> Self {
        self.0.retain(|(key, _)| key != name);
        self
    }

    /// As a body (WHATWG URL, 5.2).
    pub fn encode(&self) -> String {
        form_urlencoded::Serializer::new(String::new()).extend_pairs(&self.0).finish()
    }
}

/// Runs of blanks as one, none around.
pub fn squeeze(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

type Tag<'a> = (String, Vec<(String, String)>, bool, &'a str);

/// Name, attributes, whether it ends with `/>`, and what stands behind it.
fn open_tag(text: &str) -> Tag<'_> {
    let blank = |c: char| c.is_ascii_whitespace();
    let end = text.find(|c: char| blank(c) || c == '>' || c == '/').expect("a tag has an end");
    let (name, mut rest) = text.split_at(end);
    assert!(
        name.starts_with(|c: char| c.is_ascii_alphabetic()),
        "not a tag: <{}",
        text.get(..20).unwrap_or(text)
    );
    let mut attributes = Vec::new();
    loop {
        rest = rest.trim_start();
        if let Some(behind) = rest.strip_prefix('>') {
            return (name.to_ascii_lowercase(), attributes, false, behind);
        }
        if let Some(behind) = rest.strip_prefix("/>") {
            return (name.to_ascii_lowercase(), attributes, true, behind);
        }
        let end =
            rest.find(|c: char| blank(c) || c == '>' || c == '=' || c == '/').expect("a tag has an end");
        let (key, behind) = rest.split_at(end);
        assert!(!key.is_empty(), "an attribute without a name in <{name}");
        let value = if let Some(value) = behind.strip_prefix("=\"") {
            let (value, behind) = value.split_once('"').expect("a value has an end");
            rest = behind;
            decode(value)
        } else {
            assert!(!behind.starts_with('='), "a value without quotes in <{name}");
            rest = behind;
            String::new()
        };
        assert!(attributes.iter().all(|(other, _)| other != key), "{key} stands twice in <{name}");
        attributes.push((key.to_ascii_lowercase(), value));
    }
}

/// Resolves character references; a bare `&` is a fault.
fn decode(text: &str) -> String {
    let mut decoded = String::with_capacity(text.len());
    let mut parts = text.split('&');
    decoded.push_str(parts.next().unwrap_or_default());
    for part in parts {
        let (name, rest) = part.split_once(';').unwrap_or_else(|| panic!("a bare & before {part:?}"));
        let code =
            name.strip_prefix("#x").or(name.strip_prefix("#X")).map(|hex| u32::from_str_radix(hex, 16));
        let code = code.or(name.strip_prefix('#').map(str::parse));
        decoded.push(match (name, code) {
            (_, Some(code)) => code.ok().and_then(char::from_u32).expect("a character's number"),
            ("amp", _) => '&',
            ("lt", _) => '<',
            ("gt", _) => '>',
            ("quot", _) => '"',
            ("apos", _) => '\'',
            ("nbsp", _) => '\u{a0}',
            _ => panic!("unknown reference &{name};"),
        });
        decoded.push_str(rest);
    }
    decoded
}

#[cfg(test)]
mod tests {
    use super::*;

    const PAGE: &str = "<!DOCTYPE html><html><body><main id=\"main\"><h1>A &amp;\n b</h1>\
        <form method=\"post\" action=\"/do/x\"><input type=\"hidden\" name=\"csrf\" value=\"t\"/>\
        <input id=\"email\" name=\"email\" value=\"&lt;&#39;\" aria-describedby=\"hint email-error\">\
        <p class=\"error\" id=\"email-error\"><span>Error: </span>No.</p>\
        <fieldset aria-describedby=\"x-error\"><p class=\"error\" id=\"x-error\">Wrong</p>\
        <input type=\"radio\" name=\"x\" value=\"1\" checked><input type=\"radio\" name=\"x\" value=\"2\"></fieldset>\
        <input type=\"checkbox\" name=\"y[]\" value=\"a\"><textarea name=\"z\">\n1\n2</textarea>\
        <button type=\"submit\">Go <svg><use href=\"#a\"/></svg></button></form></main></body></html>";

    #[test]
    fn a_form_is_sent_as_a_browser_sends_it() {
        let html = Html::parse(PAGE);
        assert_eq!(html.heading(), "A & b");
        let [form] = &html.forms()[..] else { panic!("one form") };
        assert_eq!(form.values.encode(), "csrf=t&email=%3C%27&x=1&z=1%0D%0A2");
        assert_eq!(form.buttons, ["Go"]);
        assert_eq!(form.values.clone().with("x", "2").without("z").encode(), "csrf=t&email=%3C%27&x=2");
    }

    #[test]
    fn mistakes_are_found_by_their_ties() {
        let html = Html::parse(PAGE);
        assert_eq!(html.mistake("email").as_deref(), Some("No."));
        assert_eq!(html.mistake("x").as_deref(), Some("Wrong"));
        assert_eq!(html.mistake("y"), None);
        let untied = PAGE.replace("hint email-error", "hint");
        assert_eq!(Html::parse(&untied).mistake("email"), None);
    }
}
